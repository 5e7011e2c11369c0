// Visits to the portal in Chromium, by one who uses nothing but the pages. Reads one JSON object:
//
//   { portal, commands, words: [message id…], pictures, arguments, environment, rounds: [[visit…]…] }
//
// A visit is { name, scenes: [row of the table below…], language, javascript, judged, folder, … }, with what
// those scenes need besides; where another visit judges the same pages, `judged` leaves axe out. Each has a browser profile of its own; visits of a round go on beside each other, rounds
// one after the other. Prints for each what was seen (visitor.mjs); what is to be thought of it, the test says.
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { again, keys, next, revoke } from './after.mjs';
import { checking, office } from './office.mjs';
import { subscriber } from './console.mjs';
import { keyboard } from './keyboard.mjs';
import { everybody, link } from './open.mjs';
import { partly, reuse } from './reuse.mjs';
import { together } from './together.mjs';
import { trust } from './trust.mjs';
import { decline, details, mails, reject, waits } from './turns.mjs';
import { Visitor } from './visitor.mjs';
import { proof, walk } from './walk.mjs';

const scenes = {
    link, walk, proof, keys, next, revoke, again, mails, reject, decline, details, waits, office, checking, together,
    everybody, trust, subscriber, keyboard, reuse, partly,
};
const BESIDE = 4;

const asked = JSON.parse(readFileSync(0, 'utf8'));
const browser = await chromium.launch({
    // Without windows: they would cost more than all pages in them.
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', ...asked.arguments ?? []],
    env: { ...process.env, ...asked.environment },
});

async function visited(visit) {
    const visitor = await Visitor.come(browser, { ...asked, ...visit });
    const began = Date.now();
    try {
        for (const scene of visit.scenes) {
            await scenes[scene](visitor);
        }
    } catch (failure) {
        visitor.found.failure = `${failure.message}\nat ${visitor.page.url()}\n`
            + await visitor.page.locator('body').innerText({ timeout: 1000 }).catch(() => '');
    }
    await visitor.context.close();
    return { name: visit.name, seconds: (Date.now() - began) / 1000, ...visitor.found };
}

async function round(visits) {
    const queue = visits.entries();
    const results = [];
    await Promise.all(Array.from({ length: BESIDE }, async () => {
        for (const [place, visit] of queue) {
            results[place] = await visited(visit);
        }
    }));
    return results;
}

const results = [];
for (const visits of asked.rounds) {
    results.push(...await round(visits));
}
await browser.close();
console.log(JSON.stringify(results, null, 1));
