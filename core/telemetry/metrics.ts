// The registry behind the metric port: counters and gauges as plain numbers. It must not know who counts what.
import { METRICS, type MetricName, type Metrics, type Series } from '../contracts/metrics.js';

/** One series at the moment of a snapshot. `count` is the number of calls, `value` the sum (counters) or the last value (gauges). */
export interface SeriesView {
  readonly name: MetricName;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly count: number;
  readonly value: number;
}

class Cell implements Series {
  count = 0;
  value = 0;

  add(by = 1): void {
    this.count++;
    this.value += by;
  }

  set(value: number): void {
    this.count++;
    this.value = value;
  }
}

/** All series of a process. */
export class MetricRegistry implements Metrics {
  readonly #cells = new Map<
    string,
    { readonly name: MetricName; readonly labels: Readonly<Record<string, string>>; readonly cell: Cell }
  >();

  series(name: MetricName, labels: Readonly<Record<string, string>> = {}): Series {
    const key = `${name}${Object.entries(labels)
      .sort()
      .map(([k, v]) => `\0${k}\0${v}`)
      .join('')}`;
    let found = this.#cells.get(key);
    if (found === undefined) this.#cells.set(key, (found = { name, labels, cell: new Cell() }));
    return found.cell;
  }

  /** The present values, in the order of the metric table. */
  snapshot(): readonly SeriesView[] {
    const order = Object.keys(METRICS);
    return [...this.#cells.values()]
      .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
      .map(({ name, labels, cell }) => ({
        name,
        labels,
        kind: METRICS[name].kind,
        help: METRICS[name].help,
        count: cell.count,
        value: cell.value,
      }));
  }
}
