import { FrontRig, CREDS } from './front-rig.js';
describe('probe', () => {
  it('shows', async () => {
    for (const front of [true, false]) {
      const rig = await FrontRig.start({ front });
      const wire = await rig.warm();
      console.log(rig.fronted, JSON.stringify(wire.text.split('HTTP/1.1 200').slice(-1)[0]), CREDS.length);
      await rig.close();
    }
  });
});
