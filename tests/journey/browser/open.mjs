// What everybody sees, and what goes wrong.
export async function everybody(visitor) {
    await repository(visitor);
    await visitor.press('footer a[href="/root/"]');
    await visitor.look('9-authorities');
    await errors(visitor);
}

// What the mail leads to, in the language that the browser asks for.
export async function link(visitor) {
    await visitor.page.goto(visitor.asked.link);
    await visitor.look('0-link');
    visitor.check(await visitor.page.locator('form[action="/"] #pin').count() === 1, 'no way to log in');
}

async function repository(visitor) {
    const { page, asked } = visitor;
    await visitor.open(`/repository?lang=${asked.language}`);
    await visitor.look('9-repository');
    await search(visitor, 'name', 'nobody.example.com');
    visitor.check(await page.locator('article').count() === 0, 'a certificate for nobody');
    await visitor.look('9-repository-nothing');
    await search(visitor, 'serial', 'no number');
    visitor.check(await page.locator('#errors').count() === 1, 'any text is a serial number');
    await visitor.look('9-repository-refused');
    await search(visitor, 'name', asked.server_name);
    visitor.check(await page.locator('article').count() > 0, 'no certificate is found');
    await visitor.look('9-repository-found');
    await visitor.press('article h3 a');
    await visitor.look('9-repository-one');
    await visitor.fetch('ul.files a');
}

async function search(visitor, by, what) {
    await visitor.page.locator(`input[name=by][value=${by}]`).check();
    await visitor.page.fill('#q', what);
    await visitor.press('form[role=search] button');
}

async function errors(visitor) {
    const { context, asked } = visitor;
    await visitor.open('/no/such/page');
    await visitor.look('10-not-found');
    await visitor.open('/root/no-such-file.crt');
    await visitor.look('10-no-such-file');
    await post(visitor, '/root/');
    await visitor.look('10-not-allowed');
    await context.addCookies([{ name: 'ecert', value: 'a'.repeat(26), url: asked.portal }]);
    await visitor.open('/dcv');
    await visitor.look('10-session-ended');
    visitor.check(await visitor.page.locator('main .warn.panel').count() === 1, 'nothing is said of the end');
    await visitor.open('/revoke');
    await visitor.page.fill('#server_name', asked.server_name);
    await visitor.page.fill('#reference', '000000000');
    await visitor.page.fill('#pin', '0000 0000 0000 0000');
    await visitor.press('main form button');
    await visitor.look('8-revoke-refused');
}

// A form that no page of ours has.
async function post(visitor, path) {
    await Promise.all([
        visitor.page.waitForEvent('load'),
        visitor.page.evaluate((action) => {
            const form = Object.assign(document.createElement('form'), { method: 'post', action });
            document.body.append(form);
            form.submit();
        }, path),
    ]);
}
