// GET metrics (spec cache 2.6): JSON by default, Prometheus text when asked for by `format` or `Accept`.
import type { Exchange, Handler } from '../contracts/exchange.js';
import { jsonReply, textReply } from '../kernel/local-reply.js';
import { headerOf } from '../kernel/raw-headers.js';
import type { Clock } from '../sdk/index.js';
import { onlyMethods } from './answers.js';
import { metricsObject, prometheusText, type NamingOptions, type SeriesValue } from './metrics-form.js';

/** Where the values come from and how they are shown. */
export interface MetricsOptions {
  readonly snapshot: () => readonly SeriesValue[];
  readonly naming: NamingOptions;
  /** True with a `telemetry` block whose retention is not 0. */
  readonly prometheus: boolean;
  readonly clock: Clock;
}

/** Makes the endpoint. */
export function metrics({ snapshot, naming, prometheus, clock }: MetricsOptions): Handler {
  return onlyMethods(['GET'], (exchange) => {
    const format = formatOf(exchange);
    if (format === '') return jsonReply(200, metricsObject(snapshot(), clock.now(), naming));
    if (format !== 'prometheus')
      return textReply(400, 'text/plain', `metric response format "${printable(format)}" unknown`);
    if (!prometheus) return textReply(400, 'text/plain', 'prometheus is not enabled');
    return textReply(200, 'text/plain; version=0.0.4; charset=utf-8', prometheusText(snapshot(), naming));
  });
}

function formatOf(exchange: Exchange): string {
  const format = new URLSearchParams(exchange.query).get('format');
  if (format !== null && format !== '') return format;
  const accept = headerOf(exchange.headers, 'accept') ?? '';
  return accept.startsWith('application/openmetrics-text') || accept.includes('prometheus/telemetry')
    ? 'prometheus'
    : '';
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 64);
