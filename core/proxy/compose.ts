// Stages -> one function. Each stage gets a `next` that runs the rest once; replies and promises pass through as they are, so that a chain of
// synchronous stages answers without a promise.
import type { Handler, Stage } from '../contracts/exchange.js';
import { agentError } from '../sdk/index.js';

/** Links stages in their order; the last one must not call `next`. A second call of `next` throws BUG_STAGE_NEXT_TWICE with the stage's name. */
export function compose(stages: readonly Stage[]): Handler {
  return stages.reduceRight<Handler>((rest, stage) => link(stage, rest), nothing);
}

function link(stage: Stage, rest: Handler): Handler {
  return (exchange) => {
    let called = false;
    return stage(exchange, () => {
      if (called) throw agentError('BUG_STAGE_NEXT_TWICE', { stage: stage.name });
      called = true;
      return rest(exchange);
    });
  };
}

function nothing(): never {
  throw agentError('BUG_ILLEGAL_STATE', { what: 'no stage answered' });
}
