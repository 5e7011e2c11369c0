// The government's enrolments: officers have the names validated, and the page says how that stands.
import { meanwhile } from './turns.mjs';
import { agree, enter } from './walk.mjs';

export async function office(visitor) {
    await enter(visitor);
    await agree(visitor);
    for (const language of visitor.asked.languages) {
        await visitor.speak(language);
        await told(visitor);
        visitor.check(await visitor.page.locator('.spinner').count() === 0, 'it waits for nothing');
        await visitor.look(`3-office-${visitor.asked.standing}`);
    }
}

// Proof of yesterday is looked at again by itself, and leads on.
export async function checking(visitor) {
    await enter(visitor);
    await meanwhile(visitor, '3-office-checking', () => agree(visitor), () => told(visitor));
    await visitor.page.locator('a.button[href="/csr"]').waitFor();
    await visitor.look('3-office-proved');
    await visitor.press('a.button[href="/csr"]');
}

async function told(visitor) {
    const { page, asked } = visitor;
    const panel = (await page.locator('main .panel').innerText()).trim();
    visitor.check(panel === asked.told[asked.language], `${asked.standing} is told as: ${panel}`);
    visitor.check(await page.locator('main form').count() === 0, 'there is something to do');
}
