// Which cluster the server belongs to: sys/health tells it without a token.
import type { Vault } from '../../sdk/index.js';

/** The cluster's id; empty when the server cannot be reached or does not tell. Never throws. */
export async function readClusterId(vault: Vault): Promise<string> {
  try {
    const { body } = await vault.request('GET', 'sys/health');
    const id = typeof body === 'object' && body !== null && 'cluster_id' in body ? body.cluster_id : '';
    return typeof id === 'string' ? id : '';
  } catch {
    return '';
  }
}
