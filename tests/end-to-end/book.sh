#!/bin/bash
# The book and the report of a committed reference: whole, of the same bytes each time, with every number as the tables
# have it; the book in a headless browser, for readers with a mouse, a keyboard, a phone, in the dark, on paper. Prints TAP.
. tests/tap
. tests/end-to-end/webdriver
command -v pandoc >/dev/null || { skip 'the book and the report' 'pandoc is not installed (tools/deps book)'; finish; }
setting=smoke-planted
reference=results/reference/$setting
book=$work/book.html

# Yours are two of the reference's experiments, of which one came out otherwise.
mine=$work/results/$setting
mkdir -p "$mine"
cp -r "$reference/01-structure" "$reference/03-segmentation" "$mine"
sed -i -E 's/^(trained\.apart)\t[^\t]*\t[^\t]*\t[^\t]*/\1\t0.123456789\t0.12\t0.13/' "$mine/03-segmentation/result.tsv"
awk -F'\t' -v OFS='\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
    $at["id"] == "intro.within-between" { $at["estimate"] = 0.7654321; $at["verdict"] = "NOT-REPRODUCED" } { print }' \
    "$reference/ledger.tsv" >"$mine/ledger.tsv"

# builds_twice KIND RESULTS FILE SIZE: each build draws its pictures anew.
builds_twice() {
    run tools/weave/publish "$1" "$2" $setting "$work/$1-first" "$3"
    expect_status 0
    expect_said "^$3: [0-9]+ $4"
    cp "$3" "$work/again" 2>/dev/null
    run tools/weave/publish "$1" "$2" $setting "$work/$1-second" "$3"
    expect_status 0
    cmp -s "$3" "$work/again" || wrong='two builds differ'
    report "two builds of the $1 are the same bytes"
}
builds_twice book "$work/results" "$book" bytes

lock=$(find "$work/book-second" -name .lock)
waits 'another one' "${lock:-$work/none}" tools/weave/publish book "$work/results" $setting "$work/book-second" "$book"

[ "$(stat -c %s "$book")" -le 5000000 ] || wrong="it has $(stat -c %s "$book") bytes"
! grep -qE '(src|href)="(https?:)?//' "$book" || wrong="it names $(grep -oE '(src|href)="(https?:)?//[^"]*' "$book" | head -n 1)"
report 'it is one file of 5 MB at most that names no other'

# Every claim has a row in the ledger and one in its chapter, and every link inside leads somewhere.
for id in $(cut -f1 paper/claims.tsv | tail -n +2); do
    grep -q "id=\"ledger-$id\"" "$book" && grep -q "id=\"claim-$id\"" "$book" || wrong="$id is missing"
done
grep -oE 'href="#[^"]*"' "$book" | sed 's/^href="#//; s/"$//' | sort -u >"$work/links"
grep -oE ' id="[^"]*"' "$book" | sed 's/^ id="//; s/"$//' | sort -u >"$work/places"
lost=$(comm -23 "$work/links" "$work/places" | grep -v '^v-' | head -n 3 | tr '\n' ' ')
[ -z "$lost" ] || wrong="links lead nowhere: $lost"
report 'every claim has its two rows, and every link its place'

# Yours somewhere else, of other numbers and an older table, built into the folder for intermediate files of the first.
other=$work/elsewhere/$setting
mkdir -p "$other"
cp -r "$mine/." "$other"
sed 's/ARI 0\.999/ARI 0.123/' "$mine/03-segmentation/figure3.tsv" >"$other/03-segmentation/figure3.tsv"
touch -d 2020-01-01 "$other/03-segmentation/figure3.tsv"
run tools/weave/publish book "$work/elsewhere" $setting "$work/book-second" "$work/one.html"
expect_status 0
[ "$(find "$work/book-second" -path '*/yours/03-segmentation/figure3.svg' -exec sha256sum {} + | cut -d' ' -f1 | sort -u | wc -l)" -eq 2 ] ||
    wrong='the book of one folder of results has the pictures of another'
report 'results of two folders do not share their pictures'

grep -q '0\.7654' "$book" || wrong='the estimate of yours is not in the book'
grep -q 'reference: TREND-ONLY' "$book" || wrong='the verdict of the reference is not next to that of yours'
report 'a result that came out otherwise is shown next to that of the reference'

# ---- In a browser ----

if command -v chromedriver >/dev/null; then
    browser_start
    browser_size 1300 900
    browser_open "file://$book"
    # expect NAME SCRIPT PATTERN: what the page answers.
    expect() {
        browser_value "$2" >"$work/out"
        expect_said "$3"
        report "$1"
    }
    seen='[...document.querySelectorAll("#ledger-table tbody tr")].filter(row => !row.hidden && !row.querySelector(".group"))'

    expect 'the page loads nothing from elsewhere' \
        'return performance.getEntriesByType("resource").filter(entry => !entry.name.startsWith("data:")).length + " loaded"' '^0 loaded'
    browser_keys Tab Enter
    browser_keys Tab Enter
    expect 'the keyboard skips to the ledger, and filters it by a verdict' \
        "const rows = $seen; return document.activeElement.className + ' ' + rows.every(row => row.textContent.includes(document.activeElement.textContent.replace(/[0-9 ]/g, ''))) + ' ' + rows.length" \
        '^v v-reproduced true [1-9]'
    browser_keys Enter
    browser_value 'document.querySelector("input[type=search]").focus()' >/dev/null
    browser_keys l e m m a 4 . 6
    expect 'words and places are searched' "return $seen.length + ' ' + $seen.every(row => /lemma4\.6/i.test(row.textContent))" '^[1-9][0-9]* true'
    browser_value 'const box = document.querySelector("input[type=search]"); box.value = ""; box.oninput(); document.querySelector(".tools select").selectedIndex = 2; document.querySelector(".tools select").onchange()' >/dev/null
    expect 'parts of the paper are chosen from a list' "return $seen.length + ' ' + $seen.every(row => /figure2/.test(row.textContent))" '^[1-9][0-9]* true'
    browser_value 'document.querySelector(".tools select").selectedIndex = 0; document.querySelector(".tools select").onchange(); document.querySelectorAll("button.sort")[3].focus()' >/dev/null
    browser_keys Enter
    expect 'the keyboard sorts by a column' \
        "const x = $seen.map(row => parseFloat(row.cells[3].textContent.replace(/−/g, '-').replace(/,/g, '').replace(/\\s*×\\s*10/, 'e'))).filter(v => !isNaN(v)); return document.querySelectorAll('th')[3].ariaSort + ' ' + x.every((v, i) => !i || x[i - 1] <= v) + ' ' + x.length" \
        '^ascending true [1-9][0-9]'
    browser_value 'document.querySelector("#ledger-table a[href=\"#claim-eq10\"]").focus()' >/dev/null
    browser_keys Enter
    expect 'a claim leads to its chapter' \
        'const row = document.getElementById("claim-eq10").closest("tr"); return location.hash + " " + row.closest("section.level1").id + " " + (row.getBoundingClientRect().top < innerHeight)' '^#claim-eq10 chapter-07-spectral true'
    browser_value 'document.querySelector("section a[href=\"#ledger-eq10\"]").focus()' >/dev/null
    browser_keys Enter
    expect 'and the chapter back to the ledger' 'return location.hash + " " + (document.getElementById("ledger-eq10").getBoundingClientRect().top < innerHeight)' '^#ledger-eq10 true'

    # The least contrast of a text with the ground it stands on, and that text.
    contrast='const rgb = c => c.match(/[\d.]+/g).map(Number), light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b };
        const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > .99) return c.slice(0, 3); } return [255, 255, 255] };
        let least = 99, what = "";
        for (const e of document.querySelectorAll("body *")) {
            if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || e.closest("svg, script, style, .skip") || !e.getClientRects().length) continue;
            const a = light(rgb(getComputedStyle(e).color).slice(0, 3)), b = light(ground(e)), ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
            if (ratio < least) { least = ratio; what = e.tagName + "." + e.className + " " + e.textContent.trim().slice(0, 30); } }
        return (least >= 4.5) + " " + least.toFixed(2) + " " + what'
    for scheme in light dark; do
        browser_media prefers-color-scheme $scheme
        expect "text has a contrast of 4.5 at least ($scheme)" "$contrast" '^true'
    done
    browser_media media print
    expect 'on paper there is no control and no contents' \
        'return [...document.querySelectorAll("nav, button, input, select")].filter(e => e.getClientRects().length).length + " " + document.querySelector("th").textContent.trim()' '^0 verdict'
    browser_media media ''
    browser_phone 360 740
    browser_open "file://$book"
    expect 'a phone of 360 pixels scrolls only downwards' 'return document.documentElement.scrollWidth + " wide"' '^(3[0-5][0-9]|360) wide'
    run browser_log
    expect_said '"value":\[\]'
    report 'the browser has nothing to complain of'
else
    skip 'the book in a browser' 'chromedriver is not installed (tools/deps browser)'
fi

# ---- The report ----

if command -v pdflatex >/dev/null && command -v pdftotext >/dev/null; then
    builds_twice report "$work/nothing" "$work/report.pdf" pages

    # Each estimate stands there rounded to the digits that are shown, two at least.
    pdftotext "$work/report.pdf" - | sed 's/−/-/g; s/,//g' | grep -oE -- '-?[0-9]+\.[0-9]+' | sort -u >"$work/numbers"
    run awk -F'\t' 'NR == FNR { x[++n] = $1; split($1, part, "."); half[n] = .5000001 / 10 ^ length(part[2]); next }
        FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        { e = $at["estimate"]; a = e < 0 ? -e : e }
        a >= .01 && a < 1e7 && sprintf("%.4g", a) ~ /^[0-9]+\./ {
            compared++
            for (i = 1; i <= n && !(x[i] - e <= half[i] && e - x[i] <= half[i] && half[i] <= a / 9.99); ) i++
            if (i > n) { print $at["id"] ": " e " is not in the report"; exit 1 } }
        END { print compared + 0 " compared"; if (compared < 20) exit 1 }' "$work/numbers" "$reference/ledger.tsv"
    expect_status 0
    report 'the report holds the numbers of the reference'
else
    skip 'the report' 'pdflatex or pdftotext is not installed (tools/deps book)'
fi
finish
