/** The parts of Apache Thrift's untyped JavaScript library that a server over plain buffers needs. */
declare module 'thrift' {
  export interface Transport {
    readonly __transport?: never;
  }
  export interface Protocol {
    readonly __protocol?: never;
  }
  export const TBufferedTransport: {
    new (buffer: undefined, flush: (message: Uint8Array) => void): Transport;
    receiver(callback: (transport: Transport, sequence: number) => void): (data: Uint8Array) => void;
  };
  export const TBinaryProtocol: new (transport: Transport) => Protocol;
}

declare module 'node-int64' {
  export default class Int64 {
    constructor(value: number | string | Uint8Array);
    toNumber(allowImprecise?: boolean): number;
    toString(): string;
  }
}
