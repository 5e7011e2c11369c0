// After acceptance: the next certificate, and the end of one.
import { enter } from './walk.mjs';

// Keys that log in without the PIN stand beside the next certificate and on a page of their own, to be removed.
export async function keys(visitor) {
    const { asked } = visitor;
    await visitor.open('/keys');
    await visitor.look('7-keys-none');
    await visitor.run('key', asked.server_name, asked.reference, asked.pin);
    await visitor.open('/next');
    await visitor.look('7-next-keys');
    await visitor.open('/keys');
    await visitor.look('7-keys');
    await visitor.press('form[action="/keys/remove"] button');
    await visitor.until('/next');
    visitor.check(await visitor.page.locator('form[action="/keys/remove"]').count() === 0, 'the key is not removed');
}

// Who logs in again is led to the next certificate, and from there to the files of this one.
export async function next(visitor) {
    await leave(visitor);
    await visitor.look('7-left');
    await enter(visitor);
    await visitor.until('/next');
    await visitor.look('7-next');
    await visitor.press('main a[href="/download"]');
    await visitor.until('/download');
}

export async function revoke(visitor) {
    const { page } = visitor;
    await visitor.press('footer a[href="/revoke"]');
    await visitor.look('8-revoke-log-in');
    await enter(visitor, '/revoke');
    await visitor.until('/revoke/certificate');
    await visitor.look('8-revoke');
    await page.locator('input[name=serial]').first().check();
    await page.locator('input[name=reason][value=superseded]').check();
    await visitor.press('main form button');
    await visitor.look('8-revoke-confirm');
    await visitor.press('button[name=confirmed]');
    visitor.check(visitor.path.startsWith('/repository/'), 'the revoked certificate is not shown');
    visitor.found.kept.revoked = visitor.path.split('/').pop();
    await visitor.look('8-revoked');
    await visitor.open('/revoke/certificate');
    await visitor.look('8-revoke-nothing');
}

// What is left after a revocation is the next certificate, for which the domain is proved already.
export async function again(visitor) {
    await leave(visitor);
    await enter(visitor);
    await visitor.until('/next');
    await visitor.look('7-next-after-revocation');
    await visitor.press('form[action="/next"] button');
    await visitor.until('/csr');
}

async function leave(visitor) {
    await visitor.press('footer form[action="/leave"] button');
    await visitor.until('/');
}
