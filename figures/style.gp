# The one style of all figures. A script may set width, height (pixels of the drawing) first, then loads
# this file, names its axes and plots; it never chooses a font or a terminal itself, and takes the
# colours of data from here.
#
# Given by the program: format ("svg", "pdf" or "png"), table, output, caption.
# Colours: Okabe and Ito, "Color Universal Design" (2008), distinguishable with any colour vision; the order
# puts the strongest contrasts on white first. Points and dashes differ too, for print without colour.
#   line type 1 blue, 2 vermillion, 3 green, 4 orange, 5 sky blue, 6 purple, 7 black, 8 yellow
#   11..18: the same colours, dashed, for rivals and controls; 20: thin grey, for references
#
# After loading: strip = the share of the height that the caption takes, for multiplot margins (the first
# plot of a multiplot draws the caption; `unset label 999` before the second).
set encoding utf8
if (!exists("width")) width = 720
if (!exists("height")) height = 440
font_name = "DejaVu Sans"
# A font of so many pixels of the drawing, in the units of the terminal; a pixel of a PNG counts for more.
font_of(pixels, png) = font_name . "," . (format eq "svg" ? sprintf("%g", pixels) : format eq "pdf" ? sprintf("%g", 0.37 * pixels) : sprintf("%g", png))

# Break the caption into lines that fit the width.
columns = int(width / 7.1)
caption_text = ""
caption_lines = 0
rest = caption
while (strlen(rest) > 0) {
    cut = strlen(rest)
    if (cut > columns) {
        cut = columns + 1
        while (cut > 1 && rest[cut:cut] ne " ") { cut = cut - 1 }
        if (cut <= 1) { cut = columns }
    }
    caption_text = caption_text . (caption_lines ? "\n" : "") . rest[1:cut]
    rest = cut < strlen(rest) ? rest[cut + 1:*] : ""
    caption_lines = caption_lines + 1
}
strip_pixels = caption_lines ? 17 * caption_lines + 12 : 0
total = height + strip_pixels
strip = 1.0 * strip_pixels / total

if (format eq "svg") {
    set terminal svg size width, total font font_of(13, 10) background rgb "white" standalone enhanced linewidth 1.2
} else { if (format eq "pdf") {
    # For print: 160 of the drawing's pixels an inch.
    set terminal pdfcairo size width / 160., total / 160. font font_of(13, 10) fontscale 1 background rgb "white" enhanced linewidth 1 pointscale 0.6
} else {
    # Twice the pixels, for sharp text on dense screens.
    set terminal pngcairo size 2 * width, 2 * total font font_of(13, 10) fontscale 2 background rgb "white" enhanced linewidth 2.4 pointscale 2
} }
set output output

blue = "#0072B2"; vermillion = "#D55E00"; green = "#009E73"; orange = "#E69F00"
sky = "#56B4E9"; purple = "#CC79A7"; black = "#000000"; yellow = "#F0E442"; grey = "#8A8A8A"
array palette_names[8] = [blue, vermillion, green, orange, sky, purple, black, yellow]
array point_types[8] = [7, 5, 9, 13, 11, 6, 4, 8]
do for [i = 1:8] {
    set linetype i linecolor rgb palette_names[i] linewidth 1.8 pointtype point_types[i] pointsize 0.9 dashtype 1
    set linetype 10 + i linecolor rgb palette_names[i] linewidth 1.4 pointtype point_types[i] pointsize 0.7 dashtype 2
}
set linetype 20 linecolor rgb grey linewidth 1 dashtype 3
set linetype cycle 8

# Axes at the left and below only; the grid is drawn under the data.
set border 3 linecolor rgb "#404040" linewidth 0.8
set tics nomirror out scale 0.6 textcolor rgb "#202020"
set grid x y linetype 1 linecolor rgb "#D8D8D8" linewidth 0.5
set grid back
# To the right of the drawing, so that it never covers data.
set key outside right top reverse Left samplen 2.5 spacing 1.2 noenhanced
set errorbars small
set boxwidth 0.8 relative
set style fill solid 0.9 noborder
set datafile separator "\t"
set datafile missing "nan"
set datafile columnheaders
# Sequential colours for maps: viridis, ordered in lightness too.
set palette defined (0 "#440154", 1 "#472D7B", 2 "#3B528B", 3 "#2C728E", 4 "#21918C", 5 "#28AE80", 6 "#5EC962", 7 "#ADDC30", 8 "#FDE725")

# Leave the strip below the drawing to the caption.
set origin 0, strip
set size 1, 1 - strip
if (caption_lines) {
    set label 999 caption_text at screen 0.015, screen strip * (1 - 13.0 / strip_pixels) left front noenhanced font font_of(11.5, 9) textcolor rgb "#303030"
}
