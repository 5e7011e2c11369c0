// A visitor of the subscriber's website: what Chromium says to each address.
export async function trust(visitor) {
    const { page, asked } = visitor;
    for (const url of asked.urls) {
        try {
            await page.goto(url);
            visitor.found.kept[url] = (await page.locator('body').innerText()).trim();
        } catch (failure) {
            visitor.found.kept[url] = failure.message.match(/net::\w+/)?.[0] ?? failure.message;
        }
    }
}
