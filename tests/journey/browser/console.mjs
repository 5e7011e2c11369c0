// Every page of the subscriber's console, in the order in which one comes by them. `asked` has, beside what all
// visits have: entry (the address that stood on the terminal), files { root, new, certificate, list }, pending (the
// id of the request that the certificate is for), pair (a directory to deploy to) and out (a path to export to).
export async function subscriber(visitor) {
    await enter(visitor);
    await wizard(visitor);
    await stores(visitor);
    await lists(visitor);
    await complete(visitor);
    await viewer(visitor);
    await assign(visitor);
    await exported(visitor);
    await imported(visitor);
    await refused(visitor);
    await removed(visitor);
    await ended(visitor);
}

async function enter(visitor) {
    const { page, asked } = visitor;
    await page.goto(asked.entry);
    visitor.check(!page.url().includes('/enter/'), 'the token stays in the address');
    asked.portal += visitor.path.replace(/\/$/, '');
    await visitor.look('console-certificates');
    const stranger = await (await visitor.context.browser().newContext({ locale: asked.language })).newPage();
    await stranger.goto(page.url());
    visitor.check(await stranger.locator('nav.places').count() === 0, 'anybody may look');
    await stranger.context().close();
    // From here on as somebody without a mouse.
    await page.keyboard.press('Tab');
    visitor.check(await page.evaluate(() => document.activeElement.className) === 'skip', 'no way past the head');
}

async function wizard(visitor) {
    const { page } = visitor;
    const next = 'main form button:not([name=back])';
    await visitor.press('a[href$="/request"]');
    await visitor.look('console-request-1-friendly');
    await page.fill('#friendly', 'Hong Kong Post e-cert');
    await visitor.press(next);
    await visitor.look('console-request-2-scope');
    await visitor.press(next);
    await visitor.look('console-request-3-services');
    await page.check('#service-autodiscover');
    await page.check('#service-smtp');
    await visitor.press(next);
    visitor.check(await page.locator('#domain-error').count() === 1, 'no domain is a domain');
    await visitor.look('console-request-3-services-refused');
    await page.fill('#domain', 'shop.example.com');
    await elsewhere(visitor, async () => {
        visitor.check(await page.inputValue('#domain') === 'shop.example.com', 'what was typed is lost');
        visitor.check(await page.isChecked('#service-smtp'), 'what was chosen is lost');
        visitor.check(await page.locator('#errors').count() === 0, 'another language is an error');
    });
    await visitor.press(next);
    visitor.check((await page.inputValue('#names')).includes('autodiscover.shop.example.com'), 'nothing is proposed');
    await page.fill('#names', `www.電子商店.example.org\n${await page.inputValue('#names')}`);
    await visitor.look('console-request-4-domains');
    await visitor.press('button[name=back]');
    await visitor.press(next);
    await visitor.press(next);
    await visitor.look('console-request-5-organisation');
    await page.fill('#organisation', 'Shop Limited');
    await elsewhere(visitor, async () => {
        visitor.check(await page.inputValue('#organisation') === 'Shop Limited', 'what was typed is lost');
    });
    await page.check('#key-p256');
    await visitor.press(next);
    await visitor.look('console-request-6-summary');
    await visitor.press(next);
    visitor.check(await page.locator('#csr-text').count() === 1, 'no request was made');
    await visitor.look('console-request-made');
}

// The same page in another language, and back.
async function elsewhere(visitor, check) {
    const { page, asked } = visitor;
    const other = asked.language === 'en' ? 'zh-HK' : 'en';
    for (const language of [other, asked.language]) {
        await visitor.press(`.languages [lang=${language}]`);
        visitor.check(await page.getAttribute('html', 'lang') === language, `the page is not in ${language}`);
        await check();
    }
}

async function stores(visitor) {
    const { page, asked } = visitor;
    for (const [folder, file] of [['root', 'root'], ['intermediate', 'new'], ['untrusted', 'old']]) {
        await visitor.open(`/store/${folder}`);
        await visitor.look(`console-${folder}-empty`);
        await visitor.press('a[href$="/import"]');
        await visitor.look(`console-${folder}-import-1`);
        await page.setInputFiles('#upload', asked.files[file]);
        await visitor.press('main form button');
        await visitor.look(`console-${folder}-import-2`);
        await visitor.press('main form button');
        await visitor.look(`console-${folder}-import-3`);
        if (folder === 'root') {
            await visitor.press('main form button');
            await visitor.look('console-root-import-refused');
            await page.check('#compared');
        }
        await visitor.press('main form button');
        visitor.check(visitor.path.endsWith(`/store/${folder}`), `nothing came into ${folder}`);
        await visitor.look(`console-${folder}`);
    }
    await visitor.press('ul.files a');
    await visitor.look('console-authority');
    await visitor.press('.tabs li:nth-child(2) a');
    await visitor.look('console-authority-details');
    await visitor.press('.tabs li:nth-child(3) a');
    await visitor.look('console-authority-path');
    await visitor.press('.tabs li:nth-child(1) a');
    await visitor.press('.actions a');
    await visitor.look('console-authority-delete');
    await visitor.press('button.danger');
    await visitor.look('console-authority-deleted');
    await visitor.press('a[href$="/undo"]');
    await visitor.look('console-undo');
    await visitor.press('main form button');
    await visitor.look('console-undone');
    await visitor.press('.places li:nth-child(2) a');
    visitor.check(await page.locator('ul.files a').count() === 1, 'a deletion is for good');
}

async function lists(visitor) {
    const { page, asked } = visitor;
    await visitor.press('.places li:nth-child(3) a');
    await visitor.look('console-lists-empty');
    await visitor.press('a[href$="/lists/import"]');
    await visitor.look('console-lists-import');
    await page.setInputFiles('#upload', asked.files.new);
    await visitor.press('main form button');
    await visitor.look('console-lists-refused');
    await page.setInputFiles('#upload', asked.files.list);
    await visitor.press('main form button');
    await visitor.look('console-lists');
    await visitor.press('main form button');
    await page.waitForSelector('.actions a[href$="/lists"]');
    await visitor.look('console-lists-fetched');
    await visitor.press('.actions a[href$="/lists"]');
    await visitor.press('a[href*="/list/"]');
    await visitor.look('console-list-delete');
    await visitor.press('button.danger');
    await visitor.look('console-list-deleted');
    await visitor.press('a[href$="/lists/import"]');
    await page.setInputFiles('#upload', asked.files.list);
    await visitor.press('main form button');
}

async function complete(visitor) {
    const { page, asked } = visitor;
    await visitor.open(`/certificate/${asked.pending}`);
    await visitor.press('.actions a');
    await visitor.look('console-complete');
    await page.setInputFiles('#upload', asked.files.new);
    await visitor.press('main form button');
    await visitor.look('console-complete-refused');
    await page.setInputFiles('#upload', asked.files.certificate);
    await visitor.press('main form button');
    await visitor.look('console-completed');
}

async function viewer(visitor) {
    await visitor.press('.tabs li:nth-child(2) a');
    await visitor.look('console-details');
    await visitor.press('.tabs li:nth-child(3) a');
    visitor.check(await visitor.page.locator('.path li').count() >= 3, 'no path leads to the root');
    await visitor.look('console-path');
    await visitor.press('.tabs li:nth-child(1) a');
}

async function assign(visitor) {
    const { page, asked } = visitor;
    await visitor.press('a[href$="/assign"]');
    await visitor.look('console-assign');
    await page.selectOption('#kind', 'files');
    await page.fill('#certificate', 'no path');
    await page.fill('#key', `${asked.pair}/www.key`);
    await visitor.press('main form button');
    visitor.check(await page.getAttribute('#certificate', 'aria-invalid') === 'true', 'no field is marked');
    await visitor.look('console-assign-refused');
    await page.fill('#certificate', `${asked.pair}/www.crt`);
    await visitor.press('main form button');
    await visitor.look('console-assign-plan');
    await elsewhere(visitor, async () => {
        visitor.check((await page.locator('main').innerText()).includes(`${asked.pair}/www.crt`), 'the plan is lost');
    });
    await visitor.press('main form button');
    visitor.check(visitor.path.endsWith('/assigned'), 'no page shows how it goes');
    await page.locator('main .actions .button:not(.quiet)').waitFor(); // it comes anew by itself until then
    visitor.check(await page.locator('.record .good.panel').count() === 1, 'nothing came of it');
    await visitor.look('console-assigned');
    await visitor.press('main .actions a');
    await visitor.press('a[href$="/assign"]');
    await visitor.look('console-assign-known');
    await visitor.press('main a[href*="/certificate/"]');
}

async function exported(visitor) {
    const { page, asked } = visitor;
    await visitor.press('a[href$="/export"]');
    await visitor.look('console-export');
    await page.fill('#out', asked.out);
    await page.selectOption('#target', 'exchange2010');
    await page.fill('#password', 'correct horse battery staple');
    await page.fill('#again', 'something else');
    await visitor.press('main form button');
    visitor.check(await page.inputValue('#password') === '', 'a password comes back');
    await visitor.look('console-export-refused');
    await page.fill('#password', 'correct horse battery staple');
    await page.fill('#again', 'correct horse battery staple');
    await page.selectOption('#target', 'modern');
    await visitor.press('main form button');
    visitor.check((await page.locator('#file').innerText()).trim() === asked.out, 'nothing was written');
    await visitor.look('console-exported');
}

async function imported(visitor) {
    const { page, asked } = visitor;
    await visitor.open('/import');
    await visitor.look('console-import');
    await page.setInputFiles('#upload', asked.out);
    await page.fill('#password', 'wrong');
    await visitor.press('main form button');
    await visitor.look('console-import-refused');
    await elsewhere(visitor, async () => {
        visitor.check(await page.locator('#upload-kept').count() === 1, 'the file is to be chosen again');
    });
    await page.fill('#password', 'correct horse battery staple');
    await visitor.press('main form button');
    visitor.check(await page.locator('#errors .way').count() === 1, 'nothing leads on');
    await visitor.look('console-import-exists');
}

async function refused(visitor) {
    await visitor.open('/nowhere');
    await visitor.look('console-nowhere');
}

async function removed(visitor) {
    const { page } = visitor;
    await visitor.open('/');
    await visitor.look('console-list');
    const before = await page.locator('ul.files a').count();
    await visitor.press('ul.files a');
    await visitor.press('a[href$="/remove"]');
    await visitor.look('console-remove');
    await visitor.press('button.danger');
    visitor.check(await page.locator('ul.files a').count() === before - 1, 'nothing was removed');
    await visitor.look('console-removed');
}

async function ended(visitor) {
    await visitor.press('footer form button');
    await visitor.look('console-ended');
}
