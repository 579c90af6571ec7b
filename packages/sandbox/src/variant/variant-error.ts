/** Why a value is no VARIANT, as the warehouse names it (error classes of apache/spark, error-conditions.json). */
export class VariantError extends Error {
  constructor(errorClass: string, sqlState: string, message: string) {
    super(`[${errorClass}] ${message} SQLSTATE: ${sqlState}`);
    this.name = 'VariantError';
  }
}

export function malformedJson(why: string): VariantError {
  return new VariantError(
    'MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION',
    '22023',
    `Malformed records are detected in record parsing: ${why}.`,
  );
}

export function duplicateKey(key: string): VariantError {
  return new VariantError(
    'VARIANT_DUPLICATE_KEY',
    '22023',
    `Failed to build variant because of a duplicate object key \`${key}\`.`,
  );
}

export function malformedVariant(): VariantError {
  return new VariantError('MALFORMED_VARIANT', '22023', 'Variant binary is malformed.');
}

/** The sandbox does not know what the warehouse makes of it, so it makes nothing of it. */
export function notFaithful(what: string): VariantError {
  return new VariantError('SANDBOX_UNSUPPORTED', '0A000', `${what} is not supported by the sandbox.`);
}
