/** An error that the service answers with, as AWS JSON 1.1 writes it: `__type`, `Message` and the shape's own fields. */
export class ServiceError extends Error {
  readonly type: string;
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;

  constructor(type: string, message: string, options: { status?: number; fields?: Record<string, string> } = {}) {
    super(message);
    this.name = 'ServiceError';
    this.type = type;
    this.status = options.status ?? 400;
    this.fields = options.fields ?? {};
  }
}

export function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}

export function notFound(message: string, resourceId: string): ServiceError {
  return new ServiceError('ResourceNotFoundException', message, { fields: { ResourceId: resourceId } });
}

/** An error of the database, as it stands in DescribeStatement's `Error`. */
export class DatabaseError extends Error {
  constructor(message: string, options?: { cause: unknown }) {
    super(message.startsWith('ERROR:') || message.startsWith('FATAL:') ? message : `ERROR: ${message}`, options);
    this.name = 'DatabaseError';
  }
}
