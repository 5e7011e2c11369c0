#pragma once
/* Drawing on one A4 sheet in millimetres: text, boxes, bands, a QR code. The only user of Pango,
 * Cairo and libqrencode. */
#include "lib/base/buf.h"

#define SHEET_WIDTH_MM  210.0
#define SHEET_HEIGHT_MM 297.0

struct sheet;

enum sheet_colour {
    COLOUR_INK,
    COLOUR_PAPER,
    COLOUR_SOFT,
    COLOUR_LINE,
    COLOUR_QUIET,
    COLOUR_WARN,
    COLOUR_WARN_PAPER
};
enum sheet_font { FONT_TEXT, FONT_BOLD, FONT_DIGITS };

struct sheet_text {
    double x_mm, y_mm, width_mm;
    double size_pt;
    enum sheet_font font;
    enum sheet_colour colour;
    bool centred;
    const char *language; /* "zh-HK", …: which forms of shared characters */
    const char *text;
};

struct sheet_box {
    double x_mm, y_mm, width_mm, height_mm;
};

/* The PDF is appended to `pdf` by the time of sheet_finish; the buffer must stay until then. */
enum err sheet_new(const char *title, struct buf *pdf, struct sheet **ret_sheet) MUST_USE;
void sheet_free(struct sheet *sheet);
AUTO_PTR_DEFINE(sheet, sheet_free)
void sheet_next_page(struct sheet *sheet);
enum err sheet_finish(struct sheet *sheet) MUST_USE;
/* Characters written so far for which no font has a form. */
unsigned sheet_unknown_characters(const struct sheet *sheet);

/* The height the text would take, in millimetres. */
double sheet_measure(struct sheet *sheet, const struct sheet_text *text);
/* The height the text took, in millimetres. */
double sheet_write(struct sheet *sheet, const struct sheet_text *text);
void sheet_fill(struct sheet *sheet, const struct sheet_box *box, enum sheet_colour colour);
void sheet_frame(struct sheet *sheet, const struct sheet_box *box, enum sheet_colour colour);
/* Short marks at both edges and a dotted line between. */
void sheet_fold(struct sheet *sheet, double y_mm);
/* A dense hatching that hides what is printed on the other side of the paper. */
void sheet_hatch(struct sheet *sheet, const struct sheet_box *box);
/* A square code of `size_mm`; draws nothing for a text too long for one. */
void sheet_code(struct sheet *sheet, double x_mm, double y_mm, double size_mm, const char *text);
