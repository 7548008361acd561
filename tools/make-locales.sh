#!/bin/sh
# Usage: make-locales.sh FOLDER
#
# Locales in which a number, a letter or a byte means something else, for the tests, which
# find them where LOCPATH is FOLDER.
set -eu
mkdir -p "$1"
for locale in de_DE.UTF-8 de_DE.ISO-8859-1 fr_CA.ISO-8859-1 zh_CN.GB18030 ar_SA.UTF-8; do
  localedef -i "${locale%%.*}" -f "${locale#*.}" "$1/$locale"
done
ln -sf de_DE.ISO-8859-1 "$1/de_DE"
