// One enrolment open in two browsers: whoever comes second with a step is led to where it stands.
import { agree, choose, enter, recorded, submit } from './walk.mjs';
import { Visitor } from './visitor.mjs';

export async function together(first) {
    const second = await Visitor.come(first.browser, first.asked);
    await enter(first);
    await enter(second);
    // One confirms, the other would confirm with the Chinese name; then choose a method too late.
    await agree(first);
    await second.press('button[name=chinese][value=yes]');
    await second.until('/dcv');
    const stale = await second.page.locator('input[name=method]').count();
    second.check(stale > 0, 'no method is offered');
    await recorded(first);
    await choose(second, 'website');
    await second.until('/csr');
    // Both have the request's page; then both have the certificate's.
    await submit(first);
    await second.page.fill('#csr', second.asked.other_csr);
    await second.press('form[action="/csr"] button');
    await second.until('/certificate');
    await second.press('a[href="/certificate/decline"]');
    await first.press('form[action="/certificate/accept"] button');
    await first.until('/download');
    await second.page.locator('input[name=what][value=key]').check();
    await second.press('button.danger');
    await second.until('/download');
    await second.page.goBack();
    await second.page.goBack();
    second.check(await second.page.locator('form[action="/certificate/accept"]').count() === 1
        || second.path === '/download', `the browser's way back leads to ${second.path}`);
    await second.open('/confirm');
    await second.look('2-confirmed-meanwhile');
    first.found.kept.serial = await first.page.locator('code.serial').innerText();
    await second.open('/download');
    second.check(first.found.kept.serial === await second.page.locator('code.serial').innerText(),
        'the two are shown different certificates');
    await second.context.close();
}
