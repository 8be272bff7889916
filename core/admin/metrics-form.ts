// Metric values -> the two forms in which they are read: the JSON of the reference's in-memory sink and the Prometheus text. Pure.

/** One series at this moment. */
export interface SeriesValue {
  /** Without prefix, parts joined by dots: `agent.cache.hit`. */
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Number of calls. */
  readonly count: number;
  /** Sum of a counter, last value of a gauge. */
  readonly value: number;
}

/** How names are made (spec config 3.8): `host` goes into the names of gauges, or onto everything as a label. */
export interface NamingOptions {
  readonly prefix: string;
  readonly host?: string | undefined;
  readonly hostAsLabel?: boolean;
}

function nameOf(series: SeriesValue, { prefix, host, hostAsLabel }: NamingOptions): string {
  const inName = host !== undefined && !hostAsLabel && series.kind === 'gauge' ? host : '';
  return [prefix, inName, series.name].filter((part) => part !== '').join('.');
}

function labelsOf(series: SeriesValue, { host, hostAsLabel }: NamingOptions): Readonly<Record<string, string>> {
  return host !== undefined && hostAsLabel ? { ...series.labels, host } : series.labels;
}

/** The JSON form: an object with exactly the keys Timestamp, Gauges, Points, Counters, Samples (spec cache 2.6). */
export function metricsObject(all: readonly SeriesValue[], now: number, naming: NamingOptions): object {
  const rows = (kind: SeriesValue['kind']): SeriesValue[] => all.filter((series) => series.kind === kind);
  const head = (series: SeriesValue): object => ({ Name: nameOf(series, naming) });
  return {
    Timestamp: `${new Date(now).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`,
    Gauges: rows('gauge').map((series) => ({ ...head(series), Value: series.value, Labels: labelsOf(series, naming) })),
    Points: [],
    Counters: rows('counter').map((series) => ({
      ...head(series),
      ...summary(series),
      Labels: labelsOf(series, naming),
    })),
    Samples: [],
  };
}

function summary({ count, value }: SeriesValue): object {
  const mean = count === 0 ? 0 : value / count;
  return {
    Count: count,
    Rate: 0,
    Sum: value,
    Min: count === 0 ? 0 : 1,
    Max: count === 0 ? 0 : 1,
    Mean: mean,
    Stddev: 0,
  };
}

/** The Prometheus text form, version 0.0.4. */
export function prometheusText(all: readonly SeriesValue[], naming: NamingOptions): string {
  const families = new Map<string, string[]>();
  for (const series of all) {
    const name = nameOf(series, naming).replace(/[^a-zA-Z0-9_:]/g, '_');
    const lines = families.get(name) ?? [`# HELP ${name} ${series.help}`, `# TYPE ${name} ${series.kind}`];
    lines.push(`${name}${labelText(labelsOf(series, naming))} ${series.value}`);
    families.set(name, lines);
  }
  return [...families.values()].map((lines) => `${lines.join('\n')}\n`).join('');
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
