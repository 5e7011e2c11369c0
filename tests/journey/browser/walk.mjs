// The walk to a certificate: log in, confirm, prove, paste the request, accept, download.
import { readFileSync } from 'node:fs';

export async function walk(visitor) {
    await proof(visitor);
    await request(visitor);
    await accept(visitor);
    await download(visitor);
}

// As far as the proof, by the method that is asked for.
export async function proof(visitor) {
    await logIn(visitor);
    await confirm(visitor);
    await prove(visitor);
}

export async function logIn(visitor) {
    const { page, asked } = visitor;
    await visitor.open(`/?lang=${asked.language}`);
    await visitor.look('1-log-in');
    await page.fill('#server_name', asked.server_name);
    await page.fill('#reference', asked.reference);
    await page.fill('#pin', '0000 0000 0000 0000');
    await visitor.press('main form button');
    await visitor.look('1-log-in-refused');
    visitor.check(await page.locator('#errors').count() === 1, 'a wrong PIN is not refused');
    visitor.check(await page.inputValue('#server_name') === asked.server_name, 'what was typed is lost');
    visitor.check(await page.inputValue('#pin') === '', 'the PIN is sent back');
    await fillIn(visitor);
    await visitor.until('/confirm');
}

export async function enter(visitor, path = '/') {
    await visitor.open(`${path}?lang=${visitor.asked.language}`);
    await fillIn(visitor);
}

async function fillIn(visitor) {
    const { page, asked } = visitor;
    await page.fill('#server_name', asked.server_name);
    await page.fill('#reference', asked.reference);
    await page.fill('#pin', asked.pin);
    await visitor.press('main form button');
}

export async function confirm(visitor) {
    await visitor.look('2-confirm');
    await agree(visitor);
}

export async function agree(visitor) {
    await visitor.press(`button[name=chinese][value=${visitor.asked.chinese ? 'yes' : 'no'}]`);
    await visitor.until('/dcv');
}

export async function choose(visitor, method) {
    await visitor.page.locator(`input[name=method][value=${method}]`).check();
    await visitor.press('form[action="/dcv"] button');
}

// The result of the check that was asked for.
export async function checked(visitor, button = 'form[action="/dcv/check"] button') {
    await visitor.press(button);
    await visitor.page.locator('main:not(:has(.spinner)) details.result').first().waitFor();
}

// What a check would say, without one: nothing of the page moves on.
async function tried(visitor, verdict, name) {
    const { page } = visitor;
    await visitor.press('form[action="/dcv/rehearse"] button');
    await page.locator(`main:not(:has(.spinner)) .rehearsal > .panel.${verdict}`).waitFor();
    await visitor.look(name);
    visitor.check(await page.locator('form[action="/dcv/check"] button').isEnabled(), 'a trial has moved the enrolment on');
    visitor.check(await page.locator('a.button[href="/csr"]').count() === 0, 'a trial has proved something');
}

async function prove(visitor) {
    const { page, asked } = visitor;
    await visitor.look('3-dcv-method');
    visitor.found.kept.methods = await page.locator('input[name=method]').evaluateAll((all) =>
        all.map((one) => one.value));
    await proofs[asked.method ?? 'dns'](visitor);
    const onward = page.locator('a.button[href="/csr"]');
    await onward.waitFor();
    await visitor.look('3-dcv-proved');
    await visitor.press('a.button[href="/csr"]');
}

const proofs = {
    async dns(visitor) {
        await choose(visitor, 'dns');
        await visitor.look('3-dcv-record');
        // Looked for before it is there: the page says what is missing.
        await checked(visitor);
        await visitor.look('3-dcv-missing');
        await tried(visitor, 'bad', '3-dcv-tried');
        await place(visitor);
        await tried(visitor, 'good', '3-dcv-tried-again');
        await visitor.press('form[action="/dcv/check"] button');
    },

    async website(visitor) {
        await choose(visitor, 'website');
        await visitor.look('3-dcv-file');
        await checked(visitor);
        await visitor.look('3-dcv-file-missing');
        const file = await visitor.fetch('a[href^="/dcv/fileauth/"]');
        await visitor.run('page', readFileSync(file, 'utf8'));
        await visitor.press('form[action="/dcv/check"] button');
    },

    async email(visitor) {
        await choose(visitor, 'email');
        await visitor.look('3-dcv-mail');
        await ask(visitor, visitor.asked.mailbox);
        await visitor.page.locator('#code1').waitFor();
        await visitor.look('3-dcv-code');
        await type(visitor, await codeOf(visitor));
    },
};

export async function place(visitor) {
    const { page } = visitor;
    for (let one = 1; await page.locator(`#host${one}`).count() > 0; one++) {
        await visitor.run('record', (await page.innerText(`#host${one}`)).trim(),
            (await page.innerText(`#value${one}`)).trim());
    }
}

export async function ask(visitor, mailbox) {
    await visitor.page.selectOption('#address1', mailbox);
    await visitor.press('form[action="/dcv/mail"] button');
}

export async function type(visitor, code) {
    await visitor.page.fill('#code1', code);
    await visitor.press('form[action="/dcv/code"] button');
}

// From the newest mail to the mailbox that was chosen.
export async function codeOf(visitor) {
    const mails = (await visitor.run('mailbox')).split('-'.repeat(72));
    const mail = mails.filter((one) => one.includes(`To: ${visitor.asked.mailbox}\n`)).pop() ?? '';
    const code = mail.match(/^[a-z2-7]{4}(?:-[a-z2-7]{4}){5}$/m);
    visitor.check(code, `no code in: ${mail}`);
    return code[0];
}

export async function recorded(visitor) {
    await choose(visitor, 'dns');
    await place(visitor);
    await visitor.press('form[action="/dcv/check"] button');
    await visitor.page.locator('a.button[href="/csr"]').waitFor();
    await visitor.press('a.button[href="/csr"]');
}

export async function send(visitor) {
    await visitor.until('/csr');
    await visitor.page.fill('#csr', visitor.asked.csr);
    await visitor.press('form[action="/csr"] button');
    await visitor.press('form[action="/csr/submit"] button:not([formaction])');
}

export async function submit(visitor) {
    await send(visitor);
    await visitor.page.locator('form[action="/certificate/accept"] button').waitFor();
}

async function request(visitor) {
    const { page, asked } = visitor;
    await visitor.until('/csr');
    await visitor.look('4-csr');
    await page.fill('#csr', 'this is not a request');
    await visitor.press('form[action="/csr"] button');
    visitor.check(await page.locator('#csr-error').count() === 1, 'nonsense is taken for a request');
    await visitor.look('4-csr-refused');
    await page.fill('#csr', asked.csr);
    await visitor.press('form[action="/csr"] button');
    await visitor.look('4-csr-preview');
    await visitor.press('form[action="/csr/submit"] button:not([formaction])');
}

async function accept(visitor) {
    const button = 'form[action="/certificate/accept"] button';
    await visitor.page.locator(button).waitFor();
    await visitor.look('5-certificate');
    await visitor.press(button);
}

// Every file that the page offers, and the steps for every server; they have no use for JavaScript but to copy.
async function download(visitor) {
    const { page } = visitor;
    await visitor.until('/download');
    await visitor.look('6-download');
    for (const href of await hrefs(page, 'main a[download]')) {
        await visitor.fetch(`a[href="${href}"]`);
    }
    const steps = await hrefs(page, 'ul.softwares a');
    for (const href of steps.slice(0, visitor.asked.javascript ? steps.length : 1)) {
        await visitor.press(`ul.softwares a[href="${href}"]`);
        await visitor.look(`6-steps-${href.split('/').pop()}`);
        await visitor.press('p.actions a[href="/download"]');
    }
}

async function hrefs(page, links) {
    return page.locator(links).evaluateAll((all) => all.map((one) => one.getAttribute('href')));
}
