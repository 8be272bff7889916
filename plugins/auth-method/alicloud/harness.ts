// How the conformance suite makes and breaks AliCloud credentials: temporary keys in the environment, and no metadata service.
import type { AuthMethodHarness, Bench } from 'claviger/sdk/testing';

const NAMES = ['ALICLOUD_ACCESS_KEY', 'ALICLOUD_SECRET_KEY', 'ALICLOUD_ACCESS_KEY_STS_TOKEN'];

const set = ({ fakes, plant }: Bench, id: string): void => {
  fakes.env.set('ALICLOUD_ACCESS_KEY', `STS.${id}`);
  fakes.env.set('ALICLOUD_SECRET_KEY', plant(`planted.secret-${id}`));
  fakes.env.set('ALICLOUD_ACCESS_KEY_STS_TOKEN', plant(`planted.token-${id}`));
};

const harness: AuthMethodHarness = {
  settings(bench) {
    set(bench, 'one');
    return { role: 'app', region: 'eu-central-1', metadata_endpoint: 'http://127.0.0.1:1' };
  },
  change: (bench) => set(bench, 'two'),
  missing: ({ fakes }) => NAMES.forEach((name) => fakes.env.set(name, undefined)),
  empty: ({ fakes }) => NAMES.forEach((name) => fakes.env.set(name, '')),
};

export default harness;
