# Numbers, words, verdicts and tables, as readers see them, in either rendering.

function is_number(x) { return x ~ /^[-+]?[0-9]*\.?[0-9]+(e[-+]?[0-9]+)?$/ }
function minus(s) { gsub(/-/, "−", s); return s }
function thousands(s,   out) {
	while (length(s) > 3) { out = "," substr(s, length(s) - 2) out; s = substr(s, 1, length(s) - 3) }
	return s out
}
# x with `places` decimals; "": four significant digits, counts whole.
function number(x, places,   a, s, e) {
	if (!is_number(x)) return x == "" || x ~ /nan/ ? "–" : escape(x)
	a = x < 0 ? -x : x + 0
	if (a != 0 && (a >= 1e7 || a < 1e-4)) {
		s = e = sprintf("%.2e", x)
		sub(/.*e/, "", e); sub(/e.*/, "", s)
		return minus(s) " × 10^" minus(e + 0) "^"
	}
	if (places == "" && a == int(a)) return (x < 0 ? "−" : "") thousands(sprintf("%d", a))
	return minus(sprintf(places == "" ? "%.4g" : "%." places "f", x))
}
# A number with its interval after it or (`stacked`) below it. Two significant digits of the interval's half decide how
# many decimals are shown.
function interval(x, low, high, stacked,   half, places) {
	half = is_number(low) && is_number(high) ? (high - low) / 2 : 0
	# An interval that only rounding has opened is none.
	if (!is_number(x) || half <= 1e-9 * (x < 0 ? -x : x)) return number(x)
	places = int(1.999999 - log(half) / log(10))
	if (places < 0) places = 0
	low = "[" number(low, places) "," (stacked ? " " : "\302\240") number(high, places) "]"
	return number(x, places) (stacked ? br() small(low) : " " low)
}

# A cell of a TSV as Markdown: specials escaped, $mathematics$ and `code` left alone, a^2 and a_i raised and lowered.
function escape(s,   part, n, i, out) {
	n = split(s, part, "$")
	for (i = 1; i <= n; i++) out = out (n % 2 == 0 ? (i > 1 ? "\\$" : "") plain(part[i]) : i % 2 ? plain(part[i]) : "$" part[i] "$")
	return out
}
# Names and identifiers as they are.
function literal(s) { gsub(/[\\`*_{}<>\[\]#^~|$@]/, "\\\\&", s); return s }
function plain(s) {
	gsub(/[\\*<>\[\]#~|@]/, "\\\\&", s)
	gsub(/\\<=/, "≤", s); gsub(/\\>=/, "≥", s); gsub(/ - /, " − ", s); gsub(/= -/, "= −", s); gsub(/[ \[]-[0-9]/, "\003&", s); gsub(/\003 -/, " −", s); gsub(/\003\[-/, "[−", s); gsub(/\+-/, "±", s); gsub(/lambda/, "λ", s); gsub(/sigma/, "σ", s); gsub(/epsilon/, "ε", s)
	s = raise(s, "[_^][{][^}]*[}]")
	s = raise(s, "[])A-Za-z0-9|'*][_^][A-Za-z0-9]+")
	s = raise(s, "(σ|λ|ε|\002)[_^][A-Za-z0-9]+")
	gsub(/\001/, "^", s); gsub(/\002/, "~", s)
	return s
}
# Every x^n, x_n, ^{n}, _{n} in Markdown's way, which is ^n^ and ~n~.
function raise(s, form,   out, hit, at, sign) {
	while (match(s, form)) {
		hit = substr(s, RSTART, RLENGTH)
		out = out substr(s, 1, RSTART - 1)
		s = substr(s, RSTART + RLENGTH)
		at = match(hit, /[_^]/)
		sign = substr(hit, at, 1) == "^" ? "\001" : "\002"
		out = out substr(hit, 1, at - 1)
		hit = substr(hit, at + 1)
		gsub(/[{}]/, "", hit); gsub(/ /, "\\ ", hit)
		out = out sign minus(hit) sign
	}
	return out s
}
function upper_first(s) { return toupper(substr(s, 1, 1)) substr(s, 2) }

# ---- What the renderings do differently ----

function both(in_book, in_report) { if (book) in_report = in_book; return in_report == "" ? "" : "`" in_report "`{=" (book ? "html" : "latex") "}" }
function br() { return both("<br>", "\\linebreak ") }
function small(s) { return book ? "[" s "]{.small}" : both("", "{\\scriptsize\\sffamily\\color{muted} ") s " " both("", "\\unskip}") }
function folded(title, s) { return book ? both("<details><summary>" title "</summary>") small(s) both("</details>") : br() small(s) }
function command(target) { return "`make " target "`" (book ? "{.cmd}" : "") }
function identifier(id) { return both("<code class=\"id\">" id "</code>", "\\nolinkurl{" id "}") }
function anchor(id) { return both("<a id=\"" id "\"></a>", "\\hypertarget{" id "}{}") }
function svg(v, label) { return "<svg " label "><use href=\"#v-" tolower(v) "\"/></svg>" }
function mark(v) { return both("<span class=\"v v-" tolower(v) "\" title=\"" v "\">" svg(v, "role=\"img\" aria-label=\"" v "\"") "</span>", "\\verdictmark{" tolower(v) "}") }
function badge(v) { return both("<span class=\"v v-" tolower(v) "\">" svg(v, "aria-hidden=\"true\"") v "</span>", "\\verdict{" tolower(v) "}{" v "}") }
function raw(format, s) { put("\n```{=" format "}\n" s "\n```\n") }

# ---- Lines and tables ----

# Lines go out through put(), which holds a table back until it is whole.
function put(text) {
	# Browsers set pandoc's \mathrm in italics, and its \operatorname with too much room.
	if (book) gsub(/\\(mathrm|operatorname)[{]/, "\\text{", text)
	gsub(/ %/, "\302\240%", text)
	if (text ~ /^\|/) { held[++rows] = text; return }
	if (rows) flush_table()
	print text
}
# In the book a table lies in a box that scrolls, or is of the class `table_class`. In the report it is as wide as its
# longest cells, or as the page with columns in proportion to them, or to `shares`; both are forgotten afterwards.
function flush_table(   r, c, n, k, cells, width, right, share, sum, text) {
	for (r = 1; r <= rows; r++) {
		gsub(/\\\|/, "\001", held[r])
		n = split(held[r], cells, "|") - 2
		for (c = 1; c <= n; c++) {
			text = cells[c + 1]
			gsub(/^ +| +$/, "", text)
			if (r == 2) right[c] = text ~ /:$/
			else if ((k = visible(text)) > width[c]) width[c] = k
			held[r, c] = r > 2 ? cell(text) : text
		}
	}
	for (c = 1; c <= n; c++) { sum += width[c] + 2; share[c] = width[c] < 7 ? 7 : width[c] > 60 ? 60 : width[c] }
	k = !book && (shares != "" || sum > 104)
	if (shares != "") split(shares, share, " ")
	for (sum = c = 1; c <= n; c++) sum += share[c]
	if (book) print "::: {" (table_class == "" ? ".scroll role=\"region\" aria-label=\"table\" tabindex=\"0\"" : table_class) "}\n"
	for (r = 1; r <= rows; r++) {
		text = "|"
		for (c = 1; c <= n; c++) text = text " " (r == 2 ? dashes(k ? 4000 * share[c] / sum : 3) (right[c] ? ":" : "") : held[r, c]) " |"
		gsub(/\001/, "\\|", text)
		print text
	}
	print book ? "\n:::\n" : ""
	rows = 0; shares = table_class = ""
}
function dashes(k,   s) { s = "-"; while (length(s) < k) s = s s; return substr(s, 1, k) }
# How many letters of a cell are seen, roughly.
function visible(s) { gsub(/`[^`]*`[{]=[a-z]*[}]/, "--", s); gsub(/[*`]/, "", s); return length(s) }
# A cell of a table that an experiment or a document made: verdicts get their sign, numbers their minus.
function cell(s,   v) {
	if (match(s, /^(REPRODUCED-SCALED|REPRODUCED|TREND-ONLY|INCONCLUSIVE|NOT-REPRODUCED|REFUTED|NOT-RUN|STALE|ERROR)/)) {
		v = substr(s, 1, RLENGTH)
		s = substr(s, RLENGTH + 1)
		return badge(v) (s == "" ? "" : " " small(s))
	}
	if (s == "-") return "–"
	return s ~ /^[-0-9. \[\],e+%]+$/ ? minus(s) : s
}
