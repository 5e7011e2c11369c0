"""Reads a QR code (ISO/IEC 18004, versions 1 to 6, level M, bytes) out of a picture: by the symbol's
own rules and without error correction, so that every module has to be right."""

# Level M: data codewords of each block, by version.
BLOCKS = {1: [16], 2: [28], 3: [44], 4: [32, 32], 5: [43, 43], 6: [27, 27, 27, 27]}
MASKS = [lambda r, c: (r + c) % 2, lambda r, c: r % 2, lambda r, c: c % 3, lambda r, c: (r + c) % 3,
         lambda r, c: (r // 2 + c // 3) % 2, lambda r, c: r * c % 2 + r * c % 3,
         lambda r, c: (r * c % 2 + r * c % 3) % 2, lambda r, c: ((r + c) % 2 + r * c % 3) % 2]


def picture_read(path):
    """A binary PGM as rows of bytes."""
    with open(path, "rb") as file:
        magic, width, height, _max, pixels = file.read().split(maxsplit=4)
    assert magic == b"P5"
    width, height = int(width), int(height)
    return [pixels[row * width:(row + 1) * width] for row in range(height)]


def modules_read(rows):
    """The symbol in `rows`, which hold no other ink: its modules, True where dark."""
    inked = [(y, x) for y, row in enumerate(rows) for x, pixel in enumerate(row) if pixel < 128]
    top, left = min(y for y, _ in inked), min(x for _, x in inked)
    bottom, right = max(y for y, _ in inked) + 1, max(x for _, x in inked) + 1
    finder = 0
    while rows[top + 2][left + finder] < 128:
        finder += 1
    size = round((right - left) / (finder / 7))
    assert size % 4 == 1, size
    step_x, step_y = (right - left) / size, (bottom - top) / size
    return [[rows[top + int((r + 0.5) * step_y)][left + int((c + 0.5) * step_x)] < 128 for c in range(size)]
            for r in range(size)]


def is_function(size, row, column):
    """Finders with their separators and format, timing, the alignment pattern."""
    corner = (row < 9 and (column < 9 or column >= size - 8)) or (row >= size - 8 and column < 9)
    alignment = size > 21 and abs(row - (size - 7)) <= 2 and abs(column - (size - 7)) <= 2
    return corner or alignment or row == 6 or column == 6


def codewords_read(modules):
    size = len(modules)
    around = [(8, c) for c in (0, 1, 2, 3, 4, 5, 7, 8)] + [(r, 8) for r in (7, 5, 4, 3, 2, 1, 0)]
    form = sum(modules[r][c] << 14 - i for i, (r, c) in enumerate(around)) ^ 0x5412
    assert form >> 13 == 0, "not of level M"
    mask = MASKS[form >> 10 & 7]
    bits = []
    columns = [c for c in range(size - 1, 0, -2)]
    for turn, right in enumerate(c if c > 6 else c - 1 for c in columns):
        for row in range(size - 1, -1, -1) if turn % 2 == 0 else range(size):
            for column in (right, right - 1):
                if not is_function(size, row, column):
                    bits.append(modules[row][column] ^ (mask(row, column) == 0))
    return [sum(bit << 7 - i for i, bit in enumerate(bits[at:at + 8])) for at in range(0, len(bits) - 7, 8)]


def text_read(rows):
    modules = modules_read(rows)
    blocks = BLOCKS[(len(modules) - 17) // 4]
    words = codewords_read(modules)
    data = []
    for block in range(len(blocks)):
        data += words[block:sum(blocks):len(blocks)]
    bits = "".join(format(word, "08b") for word in data)
    assert bits[:4] == "0100", "not bytes"
    count = int(bits[4:12], 2)
    return bytes(int(bits[12 + 8 * i:20 + 8 * i], 2) for i in range(count)).decode()
