// The portal's walk in Chromium, by one who uses nothing but the pages: log in, confirm, place the
// record, check, paste the request, accept, download. Reads one JSON object from standard input:
//
//   { portal, server_name, reference, pin, csr, language, javascript, pictures, place: [command…] }
//
// `place` is a command that puts a TXT record: it gets host and value behind its own arguments. Each page
// is pictured at 1280 and 390 pixels, must not be wider than the window and must satisfy axe-core
// (where JavaScript is on, which axe needs). Prints what it found as JSON; exits 1 at the first thing
// that is not as it should be.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const asked = JSON.parse(readFileSync(0, 'utf8'));
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const found = { pages: [], violations: [], wide: [], untranslated: [] };

const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    javaScriptEnabled: asked.javascript,
    acceptDownloads: true,
});
const page = await context.newPage();
page.setDefaultTimeout(30_000);

function check(holds, what) {
    if (!holds) {
        throw new Error(what);
    }
}

// What a person would look at, looked at by machine and kept as pictures.
async function look(name) {
    const language = await page.getAttribute('html', 'lang');
    check(language === asked.language, `${name}: the page is in ${language}`);
    found.pages.push(name);
    const text = await page.locator('body').innerText();
    for (const word of text.match(/\b(?:page|login|confirm|dcv|csr|preview|certificate|download|field)\.[a-z_.]+\b/g) ?? []) {
        found.untranslated.push(`${name}: ${word}`);
    }
    for (const width of [390, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        const reach = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => 0);
        if (reach > width) {
            found.wide.push(`${name} at ${width}: ${reach}`);
        }
        if (asked.pictures) {
            mkdirSync(asked.pictures, { recursive: true });
            await page.screenshot({ path: `${asked.pictures}/${name}-${width}.png`, fullPage: true });
        }
    }
    if (asked.javascript) {
        // By the debugger, not by the page: its content security policy forbids strange scripts.
        await page.evaluate(axeSource);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        for (const one of violations) {
            found.violations.push(`${name}: ${one.id}: ${one.nodes.map((node) => node.target).join(', ')}`);
        }
    }
}

async function press(form) {
    await Promise.all([page.waitForLoadState(), page.locator(form).first().click()]);
}

// Pages that wait refresh themselves; without JavaScript too.
async function until(path, seconds = 40) {
    const deadline = Date.now() + seconds * 1000;
    while (new URL(page.url()).pathname !== path) {
        check(Date.now() < deadline, `waited for ${path} in vain at ${page.url()}`);
        await page.waitForTimeout(250);
    }
}

async function logIn() {
    await page.goto(`${asked.portal}/?lang=${asked.language}`);
    await look('1-log-in');
    await page.fill('#server_name', asked.server_name);
    await page.fill('#reference', asked.reference);
    await page.fill('#pin', '0000 0000 0000 0000');
    await press('main form button');
    await look('1-log-in-refused');
    check(await page.locator('#errors').count() === 1, 'a wrong PIN is not refused');
    check(await page.inputValue('#server_name') === asked.server_name, 'what was typed is lost');
    check(await page.inputValue('#pin') === '', 'the PIN is sent back');
    await page.fill('#reference', asked.reference);
    await page.fill('#pin', asked.pin);
    await press('main form button');
}

async function confirm() {
    await until('/confirm');
    await look('2-confirm');
    await press(asked.chinese ? 'button[name=chinese][value=yes]' : 'button[name=chinese][value=no]');
}

async function prove() {
    await until('/dcv');
    if (await page.locator('input[name=method]').count() > 0) {
        await look('3-dcv-method');
        await page.check('input[name=method][value=dns]');
        await press('form[action="/dcv"] button');
    }
    await look('3-dcv-record');
    // Looked for before it is there: the page says what is missing.
    await press('form[action="/dcv/check"] button');
    await page.locator('details.result').first().waitFor();
    await look('3-dcv-missing');
    const host = (await page.innerText('#host1')).trim();
    const value = (await page.innerText('#value1')).trim();
    const [program, ...rest] = asked.place;
    execFileSync(program, [...rest, host, value], { stdio: 'pipe' });
    await press('form[action="/dcv/check"] button');
    await page.locator('a.button[href="/csr"]').or(page.locator('textarea#csr')).waitFor();
    await look('3-dcv-proved');
    if (await page.locator('textarea#csr').count() === 0) {
        await press('a.button[href="/csr"]');
    }
}

async function request() {
    await until('/csr');
    await look('4-csr');
    await page.fill('#csr', 'this is not a request');
    await press('form[action="/csr"] button');
    check(await page.locator('#csr-error').count() === 1, 'nonsense is taken for a request');
    await look('4-csr-refused');
    await page.fill('#csr', asked.csr);
    await press('form[action="/csr"] button');
    await look('4-csr-preview');
    await press('form[action="/csr/submit"] button:not([formaction])');
}

async function accept() {
    await page.locator('form[action="/certificate/accept"] button').waitFor({ timeout: 60_000 });
    await look('5-certificate');
    await press('form[action="/certificate/accept"] button');
}

async function download() {
    await until('/download');
    await look('6-download');
    const links = await page.locator('ul.files a').evaluateAll((all) => all.map((one) => one.href))
        .catch(() => []);
    for (const link of links) {
        const answer = await context.request.get(link);
        check(answer.status() === 200, `${link} answers ${answer.status()}`);
    }
    found.files = links.length;
}

try {
    for (const step of [logIn, confirm, prove, request, accept, download]) {
        await step();
    }
} catch (failure) {
    found.failure = `${failure.message}\nat ${page.url()}\n${await page.locator('main').innerText().catch(() => '')}`;
}
await browser.close();
console.log(JSON.stringify(found, null, 1));
process.exit(found.failure || found.violations.length || found.wide.length || found.untranslated.length ? 1 : 0);
