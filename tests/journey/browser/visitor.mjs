// Somebody at a browser: presses, types, waits, and looks. What was seen is kept in `found`:
//
//   looked   each page that was looked at: { name, language, path, heading }
//   asked    each page that was asked for: { method, path, status, html }
//   faults   what is wrong with a page: too wide, not accessible, a message id in place of its text …
//   kept     what a scene found out
//   failure  why the scene did not come to its end
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
// Each page is looked at in both widths and in both colour schemes; in the second way for what it can change.
const ways = [
    { width: 1280, scheme: 'light', rules: {} },
    { width: 390, scheme: 'dark', rules: { runOnly: [
        'color-contrast', 'link-in-text-block', 'scrollable-region-focusable', 'target-size'] } },
];

export class Visitor {
    static async come(browser, asked) {
        const visitor = new Visitor();
        visitor.asked = { javascript: true, judged: false, ...asked };
        visitor.browser = browser;
        visitor.found = { looked: [], asked: [], faults: [], kept: {} };
        visitor.context = await browser.newContext({
            viewport: { width: 1280, height: 900 },
            javaScriptEnabled: visitor.asked.javascript,
            reducedMotion: 'reduce', // nothing turns: each turn would be painted
            locale: asked.language,
        });
        visitor.page = await visitor.context.newPage();
        visitor.page.setDefaultTimeout(40_000);
        visitor.page.on('response', (answer) => visitor.answered(answer));
        return visitor;
    }

    answered(answer) {
        const { pathname, origin } = new URL(answer.url());
        if (origin === new URL(this.asked.portal).origin) {
            this.found.asked.push({
                method: answer.request().method(), path: pathname, status: answer.status(),
                html: (answer.headers()['content-type'] ?? '').startsWith('text/html'),
            });
        }
    }

    check(holds, what) {
        if (!holds) {
            throw new Error(what);
        }
    }

    get path() {
        return new URL(this.page.url()).pathname;
    }

    async open(path) {
        await this.page.goto(this.asked.portal + path);
    }

    async speak(language) {
        this.asked.language = language;
        await this.open(`${this.path}?lang=${language}`);
    }

    // Presses what leads to a page, and waits for that page.
    async press(what) {
        await Promise.all([this.page.waitForEvent('load'), this.page.locator(what).first().click()]);
    }

    // Pages that wait refresh themselves; without JavaScript too.
    async until(path) {
        await this.page.waitForURL((url) => url.pathname === path);
    }

    async run(command, ...more) {
        const [program, ...rest] = this.asked.commands[command];
        return (await promisify(execFile)(program, [...rest, ...more])).stdout;
    }

    // A file behind a link, saved under the name that it comes with. Of more than ten clicks within a
    // second Chromium ignores the rest.
    async fetch(link) {
        await this.page.waitForTimeout(110);
        const href = await this.page.locator(link).first().getAttribute('href');
        const [file] = await Promise.all([
            this.page.waitForEvent('download'), this.page.locator(link).first().click()]);
        const path = `${this.asked.folder}/${file.suggestedFilename()}`;
        await file.saveAs(path);
        this.found.asked.push({ method: 'GET', path: new URL(href, this.asked.portal).pathname, status: 200 });
        return path;
    }

    // What a person would look at, looked at by machine. A page that waits may come anew meanwhile.
    async look(name) {
        const language = await this.page.getAttribute('html', 'lang');
        this.check(language === this.asked.language, `${name}: the page is in ${language}`);
        for (let tries = 3; ; tries--) {
            try {
                const faults = [...await this.wording(name), ...await this.appearance(name)];
                this.found.faults.push(...faults.map((what) => `${name} in ${language}: ${what}`));
                break;
            } catch (failure) {
                if (tries === 0 || !/context was destroyed|navigation/.test(failure.message)) {
                    throw failure;
                }
                await this.page.waitForLoadState();
            }
        }
        const heading = await this.page.locator('h1').first().innerText();
        this.found.looked.push({ name, language, path: this.path, heading });
    }

    async wording(name) {
        const { asked } = this;
        const text = await this.page.locator('body').innerText();
        for (const label of asked.labels?.[name] ?? []) {
            this.check(text.includes(label), `${name}: nowhere stands ${label}`);
        }
        const ids = new Set(asked.words);
        const shown = text.match(/[a-z_]+(?:\.[a-z0-9_]+)+/g) ?? [];
        return shown.filter((word) => ids.has(word)).map((word) => `the message id ${word}`);
    }

    // Kept as pictures, too, for somebody to look at.
    async appearance(name) {
        const { page, asked } = this;
        const faults = [];
        for (const { width, scheme, rules } of ways) {
            await page.setViewportSize({ width, height: 900 });
            await page.emulateMedia({ colorScheme: scheme });
            const reach = await page.evaluate(() => document.documentElement.scrollWidth);
            if (reach > width) {
                faults.push(`${reach} pixels wide in ${width}`);
            }
            if (asked.pictures) {
                const folder = `${asked.pictures}/${asked.language}`;
                mkdirSync(folder, { recursive: true });
                await page.screenshot({ path: `${folder}/${name}-${width}.png`, fullPage: true });
            }
            if (asked.javascript && !asked.judged) {
                faults.push(...(await this.violations(rules)).map((one) => `at ${width}: ${one}`));
            }
        }
        return faults;
    }

    // By the debugger, not by the page: its content security policy forbids strange scripts.
    async violations(rules) {
        if (!await this.page.evaluate(() => 'axe' in globalThis)) {
            await this.page.evaluate(axeSource);
        }
        return this.page.evaluate(async (chosen) => {
            const { violations } = await globalThis.axe.run({ resultTypes: ['violations'], ...chosen });
            return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(', ')}`);
        }, rules);
    }
}
