/** A statement's failure as the warehouse tells it: error class, SQLSTATE, message. */
export class SqlError extends Error {
  readonly errorClass: string;
  readonly sqlState: string;

  constructor(errorClass: string, sqlState: string, message: string) {
    super(`[${errorClass}] ${message} SQLSTATE: ${sqlState}`);
    this.name = 'SqlError';
    this.errorClass = errorClass;
    this.sqlState = sqlState;
  }
}
