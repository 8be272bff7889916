// POST quit: orderly shutdown of the agent. A second one changes nothing and is answered like the first (D-33).
import type { Handler } from '../contracts/exchange.js';
import { emptyReply } from '../kernel/local-reply.js';
import { onlyMethods } from './answers.js';

/** Makes the endpoint; `shutdown` is called once, after the answer had its turn to leave. */
export function quit(shutdown: () => void): Handler {
  let asked = false;
  return onlyMethods(['POST'], () => {
    if (!asked) {
      asked = true;
      setImmediate(shutdown);
    }
    return emptyReply(200);
  });
}
