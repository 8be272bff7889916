// Request hasher exact: as sensitive as the reference, byte for byte: the order of a query, a User-Agent, a tracing id make another request.
import { plugin, type HashInput, type RequestHasher } from 'claviger/sdk';
import { blake2b256Hex } from './blake2b.js';
import { wireForm } from './wire-form.js';

@plugin()
export default class Exact implements RequestHasher {
  digest(input: HashInput): string {
    return blake2b256Hex(wireForm(input));
  }
}
