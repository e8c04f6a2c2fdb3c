/** What is built: the three names by `import` and by `require`, in Node, and that they promise nothing. */

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import * as imported from '../dist/index.js';

const required = createRequire(import.meta.url)('../dist/index.cjs');

for (const [how, module] of [['import', imported], ['require', required]]) {
  const { BackgroundBlurEffect, BackgroundReplacementEffect, DeepNoiseSuppressionEffect } = module;

  test(`no effect can be had (${how})`, async () => {
    const effects = [
      new BackgroundBlurEffect(),
      new BackgroundReplacementEffect({ backgroundImageUrl: 'https://example.com/beach.jpg' }),
      new DeepNoiseSuppressionEffect(),
    ];
    assert.deepEqual(effects.map(({ name }) => name), ['BackgroundBlur', 'BackgroundReplacement', 'DeepNoiseSuppression']);
    for (const effect of effects) {
      assert.equal(await effect.isSupported(), false);
      await assert.rejects(effect.start({}), {
        name: 'EffectNotSupportedError',
        effect: effect.name,
        code: 412,
        message: new RegExp(`^${effect.name} is not available`),
      });
      await effect.stop();
      effect.dispose();
    }
  });

  test(`they work behind a proxy, keep what they are told, and copy it (${how})`, async () => {
    const config = Object.freeze({ backgroundImageUrl: 'https://example.com/beach.jpg' });
    const effect = new Proxy(new BackgroundReplacementEffect(config), {});
    assert.deepEqual(effect.config, config);
    assert.notEqual(effect.config, config);
    await effect.configure({ backgroundImageUrl: 'https://example.com/office.jpg' });
    assert.equal(effect.config.backgroundImageUrl, 'https://example.com/office.jpg');
    assert.equal(await effect.isSupported(), false);
  });
}
