#!/usr/bin/env python3
"""Writes src/core/number/dm_powers.c: the 128 leading bits of 10^q, for numbers in and out.

For q >= 0 the bits of 5^q are cut off, for q < 0 those of 1/5^-q are rounded up, as the
proof of the conversion asks (D. Lemire, Number parsing at a gigabyte per second, 2021).
Reading needs the powers up to 308, dm_format those up to 324.
Exact integer arithmetic; run it from the project's root: python3 tools/powers.py
"""
FIRST, LAST = -342, 324


def significand(q):
    if q >= 0:
        power = 5**q
        shift = power.bit_length() - 128
        return power >> shift if shift > 0 else power << -shift
    power = 5**-q
    return (1 << (power.bit_length() + 127)) // power + 1


def rows():
    for q in range(FIRST, LAST + 1):
        value = significand(q)
        assert value.bit_length() == 128
        yield f"    {{0x{value >> 64:016x}, 0x{value & (1 << 64) - 1:016x}}}, /* {q} */\n"


with open("src/core/number/dm_powers.c", "w", encoding="ascii") as out:
    out.write("/* The 128 leading bits of the powers of ten. Made by tools/powers.py; not edited. */\n")
    out.write("/* clang-format off */\n")
    out.write('#include "number/dm_number.h"\n\n')
    out.write("const uint64_t dm_powers[DM_POWER_LAST - DM_POWER_FIRST + 1][2] = {\n")
    out.writelines(rows())
    out.write("};\n")
