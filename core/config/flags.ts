// Flags of the command line that override settings. Types only.

/** Flags that were given; the others are absent. */
export interface Flags {
  readonly address?: string;
  readonly caCert?: string;
  readonly caPath?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly tlsSkipVerify?: boolean;
  readonly tlsServerName?: string;
  readonly namespace?: string;
  readonly exitAfterAuth?: boolean;
  readonly logLevel?: string;
  readonly logFormat?: string;
  readonly logFile?: string;
  readonly logRotateBytes?: number;
  /** As written: a duration. */
  readonly logRotateDuration?: string;
  readonly logRotateMaxFiles?: number;
  readonly pidFile?: string;
}
