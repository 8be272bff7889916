// One who is told that a sink holds something new (issue 5, "notify"). The token is never part of the news.

/** What happened. */
export interface News {
  readonly identity: string;
  /** `sink.default.1` */
  readonly sink: string;
  /** Number of the delivery; grows. */
  readonly sequence: number;
}

/** One target. */
export interface Target {
  /** `signal`, `command` or `http`: unique in one sink. */
  readonly kind: string;
  /** Who it is, for messages. */
  readonly name: string;
  /** Undefined when it was told; otherwise why not, fit for messages. Rejects with the reason of the signal only. */
  send(news: News, signal: AbortSignal): Promise<string | undefined>;
}
