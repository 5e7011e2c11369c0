/* Cairo draws, Pango sets the text, libqrencode makes the code. */
#include "proc/courier/sheet.h"

#include <cairo/cairo-pdf.h>
#include <pango/pangocairo.h>
#include <qrencode.h>
#include <stdlib.h>

#define POINTS_PER_MM (72.0 / 25.4)

struct sheet {
    cairo_surface_t *surface;
    cairo_t *cairo;
    cairo_font_options_t *options;
    struct buf *pdf;
    unsigned unknown;
};

/* The style sheet's colours; a printer gets no others. */
static const double colours[][3] = {
    [COLOUR_INK] = { 0.078, 0.129, 0.239 },
    [COLOUR_PAPER] = { 1, 1, 1 },
    [COLOUR_SOFT] = { 0.957, 0.965, 0.973 },
    [COLOUR_LINE] = { 0.835, 0.855, 0.882 },
    [COLOUR_QUIET] = { 0.35, 0.38, 0.45 },
    [COLOUR_WARN] = { 0.541, 0.353, 0 },
    [COLOUR_WARN_PAPER] = { 1, 0.965, 0.878 },
};

/* Han characters look different in Hong Kong and on the mainland: the family decides. */
static const struct {
    const char *language, *text, *digits;
} families[] = {
    { "zh-CN", "Noto Sans CJK SC, Noto Sans", "Noto Sans Mono CJK SC" },
    { "zh-HK", "Noto Sans CJK HK, Noto Sans", "Noto Sans Mono CJK HK" },
    { NULL, "Noto Sans, Noto Sans CJK HK", "Noto Sans Mono CJK HK" },
};

static cairo_status_t pdf_take(void *ctx, const unsigned char *data, unsigned len);
static void colour_set(struct sheet *sheet, enum sheet_colour colour);
static void box_path(struct sheet *sheet, const struct sheet_box *box);
static PangoLayout *layout_make(struct sheet *sheet, const struct sheet_text *text);
static PangoFontDescription *font_make(const struct sheet_text *text);

enum err sheet_new(const char *title, struct buf *pdf, struct sheet **ret_sheet)
{
    AUTO_PTR(sheet) sheet = calloc(1, sizeof *sheet);
    if (sheet == NULL) {
        return ERR_MEMORY;
    }
    sheet->pdf = pdf;
    sheet->surface = cairo_pdf_surface_create_for_stream(
        pdf_take, sheet, SHEET_WIDTH_MM * POINTS_PER_MM, SHEET_HEIGHT_MM * POINTS_PER_MM);
    cairo_pdf_surface_set_metadata(sheet->surface, CAIRO_PDF_METADATA_TITLE, title);
    sheet->cairo = cairo_create(sheet->surface);
    sheet->options = cairo_font_options_create();
    cairo_font_options_set_hint_style(sheet->options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(sheet->options, CAIRO_HINT_METRICS_OFF);
    if (cairo_status(sheet->cairo) != CAIRO_STATUS_SUCCESS) {
        return ERR_MEMORY;
    }
    cairo_scale(sheet->cairo, POINTS_PER_MM, POINTS_PER_MM);
    *ret_sheet = sheet;
    sheet = NULL;
    return OK;
}

void sheet_free(struct sheet *sheet)
{
    if (sheet != NULL) {
        cairo_font_options_destroy(sheet->options);
        cairo_destroy(sheet->cairo);
        cairo_surface_destroy(sheet->surface);
        free(sheet);
    }
}

void sheet_next_page(struct sheet *sheet)
{
    cairo_show_page(sheet->cairo);
}

enum err sheet_finish(struct sheet *sheet)
{
    cairo_show_page(sheet->cairo);
    cairo_surface_finish(sheet->surface);
    TRY(buf_check(sheet->pdf));
    return cairo_status(sheet->cairo) == CAIRO_STATUS_SUCCESS ? OK : ERR_MEMORY;
}

unsigned sheet_unknown_characters(const struct sheet *sheet)
{
    return sheet->unknown;
}

static cairo_status_t pdf_take(void *ctx, const unsigned char *data, unsigned len)
{
    struct sheet *sheet = ctx;
    buf_append(sheet->pdf, span_make(data, len));
    return buf_check(sheet->pdf) == OK ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

double sheet_measure(struct sheet *sheet, const struct sheet_text *text)
{
    PangoRectangle extent = { 0 };
    PangoLayout *layout = layout_make(sheet, text);
    pango_layout_get_extents(layout, NULL, &extent);
    g_object_unref(layout);
    return (double)extent.height / PANGO_SCALE;
}

double sheet_write(struct sheet *sheet, const struct sheet_text *text)
{
    PangoRectangle extent = { 0 };
    PangoLayout *layout = layout_make(sheet, text);
    colour_set(sheet, text->colour);
    cairo_move_to(sheet->cairo, text->x_mm, text->y_mm);
    pango_cairo_show_layout(sheet->cairo, layout);
    sheet->unknown += (unsigned)pango_layout_get_unknown_glyphs_count(layout);
    pango_layout_get_extents(layout, NULL, &extent);
    g_object_unref(layout);
    return (double)extent.height / PANGO_SCALE;
}

static PangoLayout *layout_make(struct sheet *sheet, const struct sheet_text *text)
{
    PangoLayout *layout = pango_cairo_create_layout(sheet->cairo);
    PangoFontDescription *font = font_make(text);
    PangoContext *context = pango_layout_get_context(layout);
    pango_context_set_language(context, pango_language_from_string(text->language));
    /* A glyph's place must not be rounded to whole units, which here are millimetres. */
    pango_context_set_round_glyph_positions(context, FALSE);
    pango_cairo_context_set_font_options(context, sheet->options);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_width(layout, (int)(text->width_mm * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_line_spacing(layout, (float)1.25);
    pango_layout_set_alignment(layout, text->centred ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT);
    pango_layout_set_text(layout, text->text, -1);
    pango_font_description_free(font);
    return layout;
}

/* The sheet is scaled to millimetres, so a size in points becomes one in millimetres. */
static PangoFontDescription *font_make(const struct sheet_text *text)
{
    size_t family = 0;
    while (families[family].language != NULL &&
           strcmp(families[family].language, text->language) != 0) {
        family++;
    }
    bool digits = text->font == FONT_DIGITS;
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family_static(
        font, digits ? families[family].digits : families[family].text);
    pango_font_description_set_weight(
        font, text->font == FONT_TEXT ? PANGO_WEIGHT_NORMAL : PANGO_WEIGHT_BOLD);
    pango_font_description_set_absolute_size(font, text->size_pt / POINTS_PER_MM * PANGO_SCALE);
    return font;
}

static void colour_set(struct sheet *sheet, enum sheet_colour colour)
{
    cairo_set_source_rgb(sheet->cairo, colours[colour][0], colours[colour][1], colours[colour][2]);
}

static void box_path(struct sheet *sheet, const struct sheet_box *box)
{
    cairo_rectangle(sheet->cairo, box->x_mm, box->y_mm, box->width_mm, box->height_mm);
}

void sheet_fill(struct sheet *sheet, const struct sheet_box *box, enum sheet_colour colour)
{
    colour_set(sheet, colour);
    box_path(sheet, box);
    cairo_fill(sheet->cairo);
}

void sheet_frame(struct sheet *sheet, const struct sheet_box *box, enum sheet_colour colour)
{
    colour_set(sheet, colour);
    cairo_set_line_width(sheet->cairo, 0.3);
    box_path(sheet, box);
    cairo_stroke(sheet->cairo);
}

void sheet_fold(struct sheet *sheet, double y_mm)
{
    static const double dots[] = { 0.3, 1.2 };
    colour_set(sheet, COLOUR_QUIET);
    cairo_set_line_width(sheet->cairo, 0.15);
    cairo_set_dash(sheet->cairo, dots, 2, 0);
    cairo_move_to(sheet->cairo, 0, y_mm);
    cairo_line_to(sheet->cairo, SHEET_WIDTH_MM, y_mm);
    cairo_stroke(sheet->cairo);
    cairo_set_dash(sheet->cairo, NULL, 0, 0);
}

void sheet_hatch(struct sheet *sheet, const struct sheet_box *box)
{
    cairo_save(sheet->cairo);
    box_path(sheet, box);
    cairo_clip(sheet->cairo);
    colour_set(sheet, COLOUR_QUIET);
    cairo_set_line_width(sheet->cairo, 0.35);
    for (double at = -box->height_mm; at < box->width_mm; at += 0.9) {
        cairo_move_to(sheet->cairo, box->x_mm + at, box->y_mm);
        cairo_rel_line_to(sheet->cairo, box->height_mm, box->height_mm);
        cairo_move_to(sheet->cairo, box->x_mm + at + box->height_mm, box->y_mm);
        cairo_rel_line_to(sheet->cairo, -box->height_mm, box->height_mm);
    }
    cairo_stroke(sheet->cairo);
    cairo_restore(sheet->cairo);
}

void sheet_code(struct sheet *sheet, double x_mm, double y_mm, double size_mm, const char *text)
{
    QRcode *code = QRcode_encodeString8bit(text, /* version= */ 0, QR_ECLEVEL_M);
    if (code == NULL) {
        return;
    }
    double dot = size_mm / code->width;
    colour_set(sheet, COLOUR_INK);
    for (int i = 0; i < code->width * code->width; i++) {
        if ((code->data[i] & 1) != 0) {
            cairo_rectangle(sheet->cairo, x_mm + i % code->width * dot,
                y_mm + (double)(i / code->width) * dot, dot, dot);
        }
    }
    cairo_fill(sheet->cairo);
    QRcode_free(code);
}
