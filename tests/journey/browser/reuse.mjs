// An application whose names were proved for an earlier one: the page says since when and asks for nothing; where one
// name is new, it asks for that one.
import { choose, enter } from './walk.mjs';

export async function reuse(visitor) {
    const { page } = visitor;
    await enter(visitor);
    await visitor.open('/dcv');
    visitor.check(await page.locator('input[type=radio]').count() === 0, 'a method is asked for');
    await visitor.look('3-dcv-before');
    await visitor.press('form[action="/dcv"] button');
    await page.locator('a.button[href="/csr"]').waitFor();
    await visitor.look('3-dcv-before-proved');
}

export async function partly(visitor) {
    const { page } = visitor;
    await enter(visitor);
    await visitor.open('/dcv');
    visitor.check(await page.locator('.panel.good li').count() === 1, 'what was proved is not told');
    await visitor.look('3-dcv-before-partly');
    await choose(visitor, 'dns');
    visitor.check(await page.locator('.record').count() === 2, 'there is no record a name');
    await visitor.look('3-dcv-before-record');
}
