// Where the walk turns: away from it, to another method, or to waiting.
import { agree, ask, checked, choose, codeOf, enter, place, recorded, send, submit, type } from './walk.mjs';

// The details of an application that has all there can be; once confirmed, they can still be looked at.
export async function details(visitor) {
    await enter(visitor);
    await visitor.look('2-confirm-all');
    await agree(visitor);
    await visitor.look('3-dcv-method-few');
    await choose(visitor, 'dns');
    await visitor.look('3-dcv-records');
    await visitor.open('/confirm');
    await visitor.look('2-confirmed');
}

export async function reject(visitor) {
    const { page } = visitor;
    await enter(visitor);
    await visitor.press('a[href="/confirm/reject"]');
    await visitor.look('2-reject');
    await page.fill('#reason', ' ');
    await visitor.press('button.danger');
    await visitor.look('2-reject-why');
    await page.fill('#reason', 'BRN 12345679, 不是 12345678');
    await visitor.press('button.danger');
    await visitor.until('/returned');
    await visitor.look('2-returned');
}

export async function decline(visitor) {
    const { page } = visitor;
    await enter(visitor);
    await agree(visitor);
    await recorded(visitor);
    await submit(visitor);
    await visitor.press('a[href="/certificate/decline"]');
    await visitor.look('5-decline');
    await visitor.press('button.danger');
    await visitor.look('5-decline-what');
    await page.locator('input[name=what][value=details]').check();
    await page.fill('#reason', '商業登記證編號');
    await visitor.press('button.danger');
    await visitor.until('/returned');
    await visitor.look('5-returned');
}

// A file that is not there; then a code, first to a mailbox that is refused, then typed wrongly.
export async function mails(visitor) {
    await enter(visitor);
    await agree(visitor);
    await choose(visitor, 'website');
    await visitor.look('3-dcv-file');
    await checked(visitor);
    await visitor.look('3-dcv-file-missing');
    await visitor.fetch('a[href^="/dcv/fileauth/"]');
    await other(visitor, 'email');
    await visitor.look('3-dcv-mail');
    await ask(visitor, 'webmaster@shop.example.com');
    await visitor.page.locator('.panel.bad').waitFor();
    await visitor.look('3-dcv-mail-refused');
    await ask(visitor, visitor.asked.mailbox);
    await visitor.page.locator('#code1').waitFor();
    await visitor.look('3-dcv-code');
    await type(visitor, 'aaaa-aaaa-aaaa-aaaa-aaaa-aaaa');
    await visitor.page.locator('main:not(:has(.spinner)) details.result').waitFor();
    await visitor.look('3-dcv-code-wrong');
    await type(visitor, await codeOf(visitor));
    await visitor.page.locator('a.button[href="/csr"]').waitFor();
}

async function other(visitor, method) {
    await visitor.page.locator('details.other summary').click();
    await choose(visitor, method);
}

// With the registrar stopped nothing goes on, so that each page that waits stays to be looked at.
export async function waits(visitor) {
    await enter(visitor);
    await agree(visitor);
    await choose(visitor, 'email');
    await meanwhile(visitor, '3-dcv-mail-waiting', () => ask(visitor, visitor.asked.mailbox));
    await visitor.page.locator('#code1').waitFor();
    await other(visitor, 'dns');
    await place(visitor);
    await meanwhile(visitor, '3-dcv-checking', () => visitor.press('form[action="/dcv/check"] button'));
    await visitor.page.locator('a.button[href="/csr"]').waitFor();
    await visitor.press('a.button[href="/csr"]');
    await visitor.run('halt');
    try {
        await meanwhile(visitor, '5-waiting', () => send(visitor));
        await halted(visitor);
    } finally {
        await visitor.run('resume');
    }
    await visitor.page.locator('form[action="/certificate/accept"] button').waitFor();
}

// The page says that the CA issues nothing for the time being, and goes on waiting.
async function halted(visitor) {
    const { page, asked } = visitor;
    await page.locator('.panel.warn').waitFor();
    for (const language of asked.languages) {
        await visitor.speak(language);
        const note = await page.locator('.panel.warn').innerText();
        visitor.check(note.includes(asked.told[language]), `the stop is told as: ${note}`);
        visitor.check(await page.locator('.waiting').count() === 1, 'it does not wait');
        await visitor.look('5-stopped');
    }
}

export async function meanwhile(visitor, name, step, check = async () => {}) {
    await visitor.run('stop');
    try {
        await step();
        for (const language of visitor.asked.languages) {
            await visitor.speak(language);
            visitor.check(await visitor.page.locator('.waiting').count() > 0, `${name} does not wait`);
            await check();
            await visitor.look(name);
        }
    } finally {
        await visitor.run('continue');
    }
}
