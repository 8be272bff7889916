// Tells the conformance suite what the plugin works on: how to make it, how to replace it, how to break it.
export default {
  settings({ fakes, plant }) {
    fakes.env.set('APP_JWT', plant('planted.jwt.one'));
    return { role: 'app' };
  },
  change({ fakes, plant }) {
    fakes.env.set('APP_JWT', plant('planted.jwt.two'));
  },
  missing({ fakes }) {
    fakes.env.set('APP_JWT', undefined);
  },
  empty({ fakes }) {
    fakes.env.set('APP_JWT', ' ');
  },
};
