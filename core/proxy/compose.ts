// Stages -> one function. Each stage gets a `next` that runs the rest once; replies and promises pass through as they are, so that a chain of
// synchronous stages answers without a promise.
import type { Exchange, Handler, Reply, Stage } from '../contracts/exchange.js';
import { agentError } from '../sdk/index.js';

type Rest = () => Reply | Promise<Reply>;

/** A stage that may run the rest a second time, once, with `again`: it must bring the exchange into its first state before. */
export interface Repeater {
  readonly repeat: (...given: [...Parameters<Stage>, again: Rest]) => ReturnType<Stage>;
}

/** Links stages in their order; the last one must not call `next`. A second call of `next` throws BUG_STAGE_NEXT_TWICE with the stage's name. */
export function compose(stages: readonly (Stage | Repeater)[]): Handler {
  return stages.reduceRight<Handler>((rest, stage) => link(stage, rest), nothing);
}

function link(stage: Stage | Repeater, rest: Handler): Handler {
  if (typeof stage === 'function') return (exchange) => stage(exchange, once(stage.name, rest, exchange));
  const { repeat } = stage;
  return (exchange) => repeat(exchange, once(repeat.name, rest, exchange), once(repeat.name, rest, exchange));
}

function once(stage: string, rest: Handler, exchange: Exchange): Rest {
  let called = false;
  return () => {
    if (called) throw agentError('BUG_STAGE_NEXT_TWICE', { stage });
    called = true;
    return rest(exchange);
  };
}

function nothing(): never {
  throw agentError('BUG_ILLEGAL_STATE', { what: 'no stage answered' });
}
