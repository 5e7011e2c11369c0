// The console without a mouse: Tab, Space, Enter and what is typed, and nothing else. On each page the focus is seen
// wherever it comes; after an error it is on the summary, and Enter there leads to the field. `asked` has what the
// other visits to the console have.
const PASSWORD = 'correct horse battery staple';

export async function keyboard(visitor) {
    await visitor.page.goto(visitor.asked.entry);
    visitor.asked.portal += visitor.path.replace(/\/$/, '');
    await request(visitor);
    await complete(visitor);
    await exported(visitor);
    await assigned(visitor);
    await imported(visitor);
}

// Moves on to what is looked for, at most once around the page.
async function to(visitor, what) {
    const { page } = visitor;
    for (let steps = 0; steps < 90; steps++) {
        const here = await page.evaluate((selector) => {
            const active = document.activeElement;
            const { outlineStyle, outlineWidth } = getComputedStyle(active);
            const shown = active === document.body || active.id === 'main' || (outlineStyle !== 'none' && outlineWidth !== '0px');
            return { found: active.matches(selector), shown, id: active.id || active.textContent.trim() };
        }, what);
        visitor.check(here.shown, `nobody sees that the focus is at ${here.id}`);
        if (here.found) {
            return;
        }
        await page.keyboard.press('Tab');
    }
    throw new Error(`no key leads to ${what}`);
}

async function type(visitor, what, text) {
    await to(visitor, what);
    await visitor.page.keyboard.press('Control+A');
    await visitor.page.keyboard.insertText(text);
}

async function enter(visitor) {
    await Promise.all([visitor.page.waitForEvent('load'), visitor.page.keyboard.press('Enter')]);
}

async function go(visitor, what) {
    await to(visitor, what);
    await enter(visitor);
}

// The summary has the focus; its first link leads to the field.
async function mend(visitor, field) {
    const { page } = visitor;
    visitor.check(await page.evaluate(() => document.activeElement.id) === 'errors', 'the errors have not the focus');
    await to(visitor, '#errors a');
    await page.keyboard.press('Enter');
    await page.waitForFunction((id) => document.activeElement.id === id, field);
    visitor.check(await page.getAttribute(`#${field}`, 'aria-invalid') === 'true', `${field} is not marked`);
}

const next = 'main form button:not([name])';

// Enter in a field goes on: it chooses no language, and does not go back.
async function request(visitor) {
    const { page } = visitor;
    await go(visitor, 'a[href$="/request"]');
    await type(visitor, '#friendly', 'By keyboard');
    await enter(visitor);
    await to(visitor, '#root');
    await enter(visitor);
    await to(visitor, '#service-smtp');
    await page.keyboard.press('Space');
    await to(visitor, '#domain');
    await enter(visitor);
    await mend(visitor, 'domain');
    await page.keyboard.insertText('shop.example.com');
    await enter(visitor);
    await type(visitor, '#names', 'keys.shop.example.com');
    await go(visitor, next);
    await type(visitor, '#organisation', 'Shop Limited');
    await to(visitor, 'input[name=key]');
    for (let steps = 0; steps < 3; steps++) {
        await page.keyboard.press('ArrowDown');
    }
    visitor.check(await page.isChecked('#key-p256'), 'arrows choose no key');
    await enter(visitor);
    await go(visitor, next);
    visitor.check(await page.locator('#csr-text').count() === 1, 'no request was made');
    visitor.check(await page.getAttribute('html', 'lang') === 'en', 'a key has chosen a language');
}

async function complete(visitor) {
    const { page, asked } = visitor;
    await go(visitor, '.places a');
    await go(visitor, `a[href$="/certificate/${asked.pending}"]`);
    await go(visitor, 'a[href$="/complete"]');
    await go(visitor, next);
    await mend(visitor, 'upload');
    await type(visitor, '#pasted', asked.pem);
    await go(visitor, next);
    visitor.check(await page.locator('.tabs').count() === 1, 'the request is not complete');
}

async function exported(visitor) {
    const { page, asked } = visitor;
    await go(visitor, 'a[href$="/export"]');
    await type(visitor, '#out', asked.out);
    await type(visitor, '#password', PASSWORD);
    await type(visitor, '#again', 'another');
    await enter(visitor);
    await mend(visitor, 'again');
    await type(visitor, '#password', PASSWORD);
    await type(visitor, '#again', PASSWORD);
    await enter(visitor);
    visitor.check((await page.locator('#file').innerText()).trim() === asked.out, 'nothing was written');
    await go(visitor, 'main .actions a');
}

async function assigned(visitor) {
    const { page, asked } = visitor;
    await go(visitor, 'a[href$="/assign"]');
    await to(visitor, '#kind');
    await page.keyboard.type('Files');
    visitor.check(await page.inputValue('#kind') === 'files', 'no key chooses a program');
    await type(visitor, '#certificate', 'no path');
    await enter(visitor);
    await mend(visitor, 'certificate');
    await type(visitor, '#certificate', `${asked.pair}/keyboard.crt`);
    await enter(visitor);
    await go(visitor, next);
    await page.locator('main .actions .button:not(.quiet)').waitFor();
    visitor.check(await page.locator('.record .good.panel').count() === 1, 'nothing was assigned');
}

async function imported(visitor) {
    const { page, asked } = visitor;
    await go(visitor, '.places a');
    await go(visitor, 'a[href$="/import"]');
    await to(visitor, '#upload');
    await page.setInputFiles('#upload', asked.out); // the dialog is the system's
    await type(visitor, '#password', 'wrong');
    await enter(visitor);
    await mend(visitor, 'password');
    await page.keyboard.insertText(PASSWORD);
    await enter(visitor);
    // It is here already; the way leads to it.
    await go(visitor, '#errors .way');
    visitor.check(await page.locator('.tabs').count() === 1, 'nothing leads on');
}
