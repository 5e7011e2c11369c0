/* What stands where on the letter. The sheet has three panels of 99 mm; it is folded first at the
 * lower line, then at the upper one:
 *
 *     outside                          inside
 *     back of the envelope             what this is, for whom, the portal's address
 *     address and reference number     what to do, in both languages
 *     hatching against the light       the PIN */
#include "proc/courier/letter.h"

#include "lib/base/clock.h"
#include "lib/base/limits.h"
#include "lib/base/secret.h"
#include "proc/courier/sheet.h"

#define PANEL_MM  (SHEET_HEIGHT_MM / 3)
#define MARGIN_MM 20.0
#define INNER_MM  (SHEET_WIDTH_MM - 2 * MARGIN_MM)
#define FACT_MM   14.0 /* at most, of the four in the upper panel */

/* Long names and addresses are set smaller, step by step. */
#define SMALLEST_PT 4.0
#define STEP_PT     0.5

/* Three spaces and the terminator. */
enum { PIN_TEXT_SIZE = PIN_DIGITS + PIN_DIGITS / 4 };

struct drawing {
    struct sheet *sheet;
    const struct letter_content *content;
    const char *tag; /* of the subscriber's language */
    double y_mm;     /* where the next text goes */
};

static void outside_draw(struct drawing *drawing);
static void address_draw(struct drawing *drawing);
static double write_within(struct sheet *sheet, struct sheet_text text, double room_mm);
static enum err inside_draw(struct drawing *drawing);
static void trial_band(struct drawing *drawing, double y_mm);
static void facts_draw(struct drawing *drawing);
static void fact_draw(struct drawing *drawing, const char *id, const char *value);
static void steps_draw(struct drawing *drawing);
static enum err pin_draw(struct drawing *drawing);
static void pin_group(struct span pin, char *ret_text);
static void both_labels(const struct drawing *drawing, const char *id, struct buf *label);
static void column_write(
    struct drawing *drawing, const struct language *language, double x_mm, double width_mm);

enum err letter_draw(const struct letter_content *content, struct buf *pdf, unsigned *ret_unknown)
{
    AUTO_PTR(sheet) sheet = NULL;
    TRY(sheet_new(language_text(content->english, "letter.title"), pdf, &sheet));
    struct drawing drawing = { sheet, content, language_tag(content->language), 0 };
    outside_draw(&drawing);
    sheet_next_page(sheet);
    TRY(inside_draw(&drawing));
    TRY(sheet_finish(sheet));
    *ret_unknown = sheet_unknown_characters(sheet);
    return OK;
}

static void outside_draw(struct drawing *drawing)
{
    const struct letter_content *content = drawing->content;
    struct sheet *sheet = drawing->sheet;
    AUTO(buf) label = buf_make(512);
    sheet_fold(sheet, PANEL_MM);
    sheet_fold(sheet, 2 * PANEL_MM);
    trial_band(drawing, PANEL_MM + 8);
    both_labels(drawing, "letter.sender", &label);
    sheet_write(sheet, &(struct sheet_text){ MARGIN_MM, PANEL_MM + 22, INNER_MM, 9, FONT_TEXT,
                           COLOUR_QUIET, false, drawing->tag, buf_text(&label) });
    address_draw(drawing);
    buf_clear(&label);
    both_labels(drawing, "letter.reference", &label);
    struct sheet_box box = { 130, 2 * PANEL_MM - 32, 60, 20 };
    sheet_frame(sheet, &box, COLOUR_INK);
    sheet_write(sheet, &(struct sheet_text){ box.x_mm, box.y_mm + 2, box.width_mm, 8.5, FONT_TEXT,
                           COLOUR_QUIET, true, drawing->tag, buf_text(&label) });
    sheet_write(sheet, &(struct sheet_text){ box.x_mm, box.y_mm + 8.5, box.width_mm, 18,
                           FONT_DIGITS, COLOUR_INK, true, drawing->tag, content->reference });
    buf_clear(&label);
    both_labels(drawing, "letter.confidential", &label);
    sheet_write(sheet, &(struct sheet_text){ MARGIN_MM, 20, INNER_MM, 10, FONT_TEXT, COLOUR_QUIET,
                           true, drawing->tag, buf_text(&label) });
    sheet_hatch(sheet, &(struct sheet_box){ MARGIN_MM, 2 * PANEL_MM + 12, INNER_MM, 75 });
}

/* Left of the reference number, in the largest type in which all of it stays above the fold. */
static void address_draw(struct drawing *drawing)
{
    const struct letter_content *content = drawing->content;
    const char *lines[] = { content->name, content->organisation };
    struct sheet_text text = { MARGIN_MM, PANEL_MM + 34, 100, 11.5, FONT_TEXT, COLOUR_INK, false,
        drawing->tag, NULL };
    size_t count = 2 + content->address_count;
    double room = 2 * PANEL_MM - 4 - text.y_mm;
    for (double height = room + 1; height > room && text.size_pt > SMALLEST_PT;) {
        height = 0;
        for (size_t i = 0; i < count; i++) {
            text.text = i < 2 ? lines[i] : content->address[i - 2];
            height += sheet_measure(drawing->sheet, &text);
        }
        text.size_pt -= height > room ? STEP_PT : 0;
    }
    for (size_t i = 0; i < count; i++) {
        text.text = i < 2 ? lines[i] : content->address[i - 2];
        text.y_mm += sheet_write(drawing->sheet, &text);
    }
}

/* In type that is smaller only where the room asks for it. */
static double write_within(struct sheet *sheet, struct sheet_text text, double room_mm)
{
    while (text.size_pt > SMALLEST_PT && sheet_measure(sheet, &text) > room_mm) {
        text.size_pt -= STEP_PT;
    }
    return sheet_write(sheet, &text);
}

static enum err inside_draw(struct drawing *drawing)
{
    const struct letter_content *content = drawing->content;
    sheet_fold(drawing->sheet, PANEL_MM);
    sheet_fold(drawing->sheet, 2 * PANEL_MM);
    trial_band(drawing, 8);
    drawing->y_mm = content->trial ? 22 : 14;
    drawing->y_mm += sheet_write(drawing->sheet,
        &(struct sheet_text){ MARGIN_MM, drawing->y_mm, INNER_MM, 15, FONT_BOLD, COLOUR_INK, false,
            drawing->tag, language_text(content->language, "letter.title") });
    if (content->language != content->english) {
        drawing->y_mm += sheet_write(drawing->sheet,
            &(struct sheet_text){ MARGIN_MM, drawing->y_mm, INNER_MM, 11, FONT_TEXT, COLOUR_QUIET,
                false, "en", language_text(content->english, "letter.title") });
    }
    drawing->y_mm += 3;
    facts_draw(drawing);
    sheet_code(drawing->sheet, 164, 38, 26, content->portal_url);
    steps_draw(drawing);
    return pin_draw(drawing);
}

static void trial_band(struct drawing *drawing, double y_mm)
{
    if (!drawing->content->trial) {
        return;
    }
    AUTO(buf) label = buf_make(512);
    both_labels(drawing, "letter.trial", &label);
    sheet_fill(
        drawing->sheet, &(struct sheet_box){ 0, y_mm, SHEET_WIDTH_MM, 9 }, COLOUR_WARN_PAPER);
    sheet_write(drawing->sheet, &(struct sheet_text){ MARGIN_MM, y_mm + 1.8, INNER_MM, 10,
                                    FONT_BOLD, COLOUR_WARN, true, drawing->tag, buf_text(&label) });
}

static void facts_draw(struct drawing *drawing)
{
    const struct letter_content *content = drawing->content;
    char day[TIME_TEXT_MAX];
    time_format_day(content->date, day);
    fact_draw(drawing, "letter.server_name", content->server_name);
    fact_draw(drawing, "letter.organisation", content->organisation);
    fact_draw(drawing, "letter.date", day);
    fact_draw(drawing, "letter.portal", content->portal_url);
}

static void fact_draw(struct drawing *drawing, const char *id, const char *value)
{
    AUTO(buf) label = buf_make(512);
    both_labels(drawing, id, &label);
    double name = sheet_write(
        drawing->sheet, &(struct sheet_text){ MARGIN_MM, drawing->y_mm, 52, 9.5, FONT_TEXT,
                            COLOUR_QUIET, false, drawing->tag, buf_text(&label) });
    double fact = write_within(drawing->sheet,
        (struct sheet_text){ MARGIN_MM + 54, drawing->y_mm, 86, 10.5, FONT_TEXT, COLOUR_INK, false,
            drawing->tag, value },
        FACT_MM);
    drawing->y_mm += (name > fact ? name : fact) + 1.2;
}

static void steps_draw(struct drawing *drawing)
{
    const struct letter_content *content = drawing->content;
    bool both = content->language != content->english;
    double width = both ? (INNER_MM - 8) / 2 : INNER_MM;
    drawing->y_mm = PANEL_MM + 9;
    column_write(drawing, content->language, MARGIN_MM, width);
    if (both) {
        column_write(drawing, content->english, MARGIN_MM + width + 8, width);
    }
}

static void column_write(
    struct drawing *drawing, const struct language *language, double x_mm, double width_mm)
{
    AUTO(buf) text = buf_make(8192);
    const char *tag = language_tag(language);
    const struct placeholder placeholders[] = {
        { "portal_url", drawing->content->portal_url },
        { "server_name", drawing->content->server_name },
        { NULL, NULL },
    };
    language_format(language, "letter.steps", placeholders, &text);
    const char *words = buf_text(&text);
    double title = sheet_write(
        drawing->sheet, &(struct sheet_text){ x_mm, drawing->y_mm, width_mm, 10.5, FONT_BOLD,
                            COLOUR_INK, false, tag, language_text(language, "letter.what_to_do") });
    write_within(drawing->sheet,
        (struct sheet_text){ x_mm, drawing->y_mm + title + 1, width_mm, 9.5, FONT_TEXT, COLOUR_INK,
            false, tag, words == NULL ? "" : words },
        PANEL_MM - 14 - title);
}

static enum err pin_draw(struct drawing *drawing)
{
    const struct letter_content *content = drawing->content;
    AUTO(secret) pin = { 0 };
    AUTO(buf) label = buf_make(512);
    TRY(secret_new(PIN_TEXT_SIZE, &pin));
    pin_group(content->pin, (char *)pin.data);
    both_labels(drawing, "letter.pin", &label);
    struct sheet_box box = { 45, 2 * PANEL_MM + 22, 120, 40 };
    sheet_fill(drawing->sheet, &box, COLOUR_SOFT);
    sheet_frame(drawing->sheet, &box, COLOUR_LINE);
    sheet_write(
        drawing->sheet, &(struct sheet_text){ box.x_mm, box.y_mm + 6, box.width_mm, 11, FONT_TEXT,
                            COLOUR_QUIET, true, drawing->tag, buf_text(&label) });
    sheet_write(
        drawing->sheet, &(struct sheet_text){ box.x_mm, box.y_mm + 16, box.width_mm, 26,
                            FONT_DIGITS, COLOUR_INK, true, drawing->tag, (const char *)pin.data });
    double y = box.y_mm + box.height_mm + 4;
    const struct language *order[] = { content->language, content->english };
    for (size_t i = 0; i < (content->language == content->english ? 1 : 2); i++) {
        y += sheet_write(drawing->sheet,
            &(struct sheet_text){ MARGIN_MM, y, INNER_MM, 9.5, FONT_TEXT, COLOUR_QUIET, true,
                language_tag(order[i]), language_text(order[i], "letter.keep") });
    }
    return buf_check(&label);
}

/* Four groups of four. */
static void pin_group(struct span pin, char *ret_text)
{
    size_t at = 0;
    for (size_t i = 0; i < pin.len && i < PIN_DIGITS; i++) {
        if (i > 0 && i % 4 == 0) {
            ret_text[at++] = ' ';
        }
        ret_text[at++] = (char)pin.data[i];
    }
    ret_text[at] = '\0';
}

/* "參考編號 Reference number": the subscriber's language first, English after. */
static void both_labels(const struct drawing *drawing, const char *id, struct buf *label)
{
    const struct letter_content *content = drawing->content;
    buf_append_text(label, language_text(content->language, id));
    if (content->language != content->english) {
        buf_append_format(label, "  %s", language_text(content->english, id));
    }
    (void)buf_text(label);
}
