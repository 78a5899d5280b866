# The one weaver: prose, names and tables become Markdown, for GitHub or for pandoc.
#
#   awk -v rendering=book|report|effects|documents -v results=DIR -v reference=DIR -v figures=DIR -v undrawn=" SIDE/EXPERIMENT/NAME " \
#       -f tables.awk -f words.awk -f parts.awk -f documents.awk -f weave.awk FILE.md
#
# `documents` is README.md or REPRODUCE.md with its generated parts renewed (documents.awk); `effects` the table of
# figures/effects.gp; the others are the two skeletons, paper/book.md and paper/report.md. A skeleton is Markdown. In an
# experiment's main.c the lines that begin with /// are Markdown, all else is code. In both, numbers are named, never typed:
#
#   @{KEY}  @{KEY ci}  @{KEY %.1f}     a number of result.tsv; with its interval; in a format. Yours where the experiment was
#                                      run here, else the reference's. KEY is of the chapter's experiment, or EXPERIMENT:KEY
#   @{yours KEY}  @{reference KEY}     of one side alone; a dash where that side has no result at all
#   @{claim ID COLUMN}                 a column of paper/claims.tsv, or verdict, estimate, finding
#   @{run WHAT}                        a line of provenance.tsv
#   @{count} @{count WORD}             how many claims there are; have that verdict; are tested; are of arithmetic
#   @{about}                           whose columns these are
#
# and a line that begins with @ is made here:
#
#   @book LINE  @report LINE           LINE, in this rendering alone
#   @planted LINE  @unplanted LINE     LINE, of results on planted scenes alone, on others alone
#   @chapter EXPERIMENT  @chapters     an experiment's page; all pages (in the report: all that have claims)
#   @figure NAME CAPTION               NAME.tsv of this experiment, drawn again without the caption in the picture
#   @table FILE                        a table that this experiment left
#   @compare ID KEY LABEL              a row: what claim ID prints (- for none), KEY of the reference, KEY of yours
#   @show FILE NAME                    a function, array or macro as it stands in FILE, with its contract; without a
#                                      name the whole file (book)
#   @section FILE HEADING              what stands below that heading of another document
#   @weave FILE  @errata FILE          another skeleton; one that has an erratum for every claim with a corrected form
#   @erratum ID...                     the heading of an erratum, with the verdicts of these claims and their corrections
#   @claims [EXPERIMENT]  @ledger  @counts  @matrix  @effects CAPTION  @trainings  @compute  @deviations FILE
#
# What a page does not place itself follows its first lines: every figure, its claims and (book) every table. An unknown
# key, claim, file, function, heading or directive ends the build with FILE:LINE: why, exit code 3. Any awk will do.

function die(why) {
	printf "%s:%d: %s\n", file, line, why > "/dev/stderr"
	failed = 1
	exit 3
}

# ---- Names in prose ----

function fill(text,   out, name) {
	while (match(text, /@[{][^}]*[}]/)) {
		out = out substr(text, 1, RSTART - 1)
		name = substr(text, RSTART + 2, RLENGTH - 3)
		text = substr(text, RSTART + RLENGTH)
		out = out named(name)
	}
	return out text
}
function named(name,   a, n) {
	n = split(name, a, " ")
	if (name == "about") return about()
	if (a[1] == "count" && n < 3) return number(n == 1 ? count["claims"] : count[a[2]] + 0)
	if (a[1] == "claim" && n == 3) return claim_word(a[2], a[3])
	if (a[1] == "run") return run_word(substr(name, 5))
	if (a[1] == "yours" || a[1] == "reference") return result(a[1], a[2], a[3])
	if (n > 2) die("@{" name "}: not a name")
	return result("", a[1], a[2])
}
function claim_word(id, column) {
	claim(id, "id")
	if (column == "verdict") return badge(verdict(id))
	if (column == "finding") return escape(finding(id))
	if (column == "estimate") return interval(state(shown(id), id, "estimate"), state(shown(id), id, "low"), state(shown(id), id, "high"))
	# What was printed about other data stands next to nothing that was found on these.
	return column == "printed" && !is_about(id, data) ? "–" : escape(claim(id, column))
}
function is_about(id, setting,   needs) { needs = claim(id, "data"); return needs == setting || needs == "any" || needs == "none" }
# Sets `asked`, the experiment that a name is of, and returns the rest.
function own(name,   at) {
	at = index(name, ":")
	asked = at ? substr(name, 1, at - 1) : experiment
	return substr(name, at + 1)
}
function result(side, key, form,   tag) {
	key = own(key)
	if (!read_result("yours", asked) && !read_result("reference", asked)) return "–"
	if (side == "") side = N["yours/" asked] ? "yours" : "reference"
	tag = (N[side "/" asked] ? side : other(side)) "/" asked
	if (!((tag, key, "value") in T)) {
		if (awaits_weights(N[side "/" asked] ? side : other(side), asked)) return "–"
		die("no result `" key "` of " asked " (see its result.tsv)")
	}
	if (tag != side "/" asked) return "–"
	if (form == "ci") return interval(T[tag, key, "value"], T[tag, key, "low"], T[tag, key, "high"])
	if (form ~ /^%/) return minus(sprintf(form, T[tag, key, "value"]))
	if (form != "") die("@{" key " " form "}: ci, or a format such as %.1f")
	return number(T[tag, key, "value"])
}
# Whether an experiment stopped where its models begin, so that some of its numbers are there and others are not.
function awaits_weights(side, experiment,   i, id) {
	for (i = 1; i <= N["claims"]; i++) {
		id = O["claims", i]
		if (claim(id, "experiment") == experiment && state(side, id, "verdict") ~ /^NOT-RUN/ && state(side, id, "reason") ~ /^no weights/) return 1
	}
	return 0
}
function run_word(what,   side) {
	what = own(what)
	side = run_side(asked)
	if (!read_run(side, asked)) return "–"
	if (!((side " run/" asked, what, "value") in T)) die("no line `" what "` in the provenance of " asked)
	return literal(run_line(side, asked, what))
}
function about(   text, i, n) {
	text = results; sub(/.*\//, "", text)
	text = "Setting " text ". "
	n = read_tsv("reasons", reference "/reasons.tsv")
	text = text (n ? "Reference: accepted " L["reasons", "date"] " at commit " substr(L["reasons", "commit"], 1, 12) ". " : "No reference has been accepted in this setting. ")
	for (i = n = 0; i < CHAPTERS; ) if (read_run("yours", chapters[++i])) n++
	return text (n ? "Yours: " n " experiments were run here." : "Yours: nothing was run here, so that column is empty.")
}

# ---- Figures, tables, functions ----

function figure(name, caption,   mine, theirs) {
	placed[experiment, name] = 1
	mine = results "/" experiment "/" name ".tsv"; theirs = reference "/" experiment "/" name ".tsv"
	if (!exists(mine) && !exists(theirs)) put("\n*" name " has not been drawn yet (`make " target_of[experiment] "`).*\n")
	else if (!exists(theirs)) draw("yours", name, captioned("yours", name, caption) " *Yours.*")
	else if (!exists(mine)) draw("reference", name, captioned("reference", name, caption) " *The reference.*")
	else if (same_text(mine, theirs)) draw("yours", name, captioned("yours", name, caption) " *Yours; the reference has the same numbers to the last digit.*")
	else { draw("yours", name, captioned("yours", name, caption) " *Yours.*"); draw("reference", name, "The same. *The reference.*") }
}
# The page's caption, or else the one that the experiment left next to its picture.
function captioned(side, name, caption,   path, text) {
	path = folder(side) "/" experiment "/" name ".txt"
	if (caption == "" && (getline text < path) > 0) caption = upper_first(escape(text)) (text ~ /[?.]$/ ? "" : ".")
	close(path)
	return caption != "" ? caption : title[experiment] (title[experiment] ~ /[?.]$/ ? "" : ".")
}
# A picture with a panel of pixels keeps its colours on a dark page.
function draw(side, name, caption,   class) {
	if (index(undrawn, " " side "/" experiment "/" name " ")) {
		put("\n*The numbers of " name " are older than the script that draws it; as it was drawn: `" folder(side) "/" experiment "/" name ".png`.*\n")
		return
	}
	class = exists(folder(side) "/" experiment "/" name "-panel.png") ? ".pixels" : ".plot"
	put("\n![" caption "](" figures "/" side "/" experiment "/" name (book ? ".svg" : ".pdf") "){" class (book || class == ".plot" ? "" : " height=42%") "}\n")
}
function same_text(a, b,   x, y, more, also) {
	do { more = (getline x < a) > 0; also = (getline y < b) > 0 } while (more && also && x == y)
	close(a); close(b)
	return !more && !also
}
function compare(id, key, label) {
	if (!rows) { put(""); put("| | published | reference | yours |"); put("| --- | ---: | ---: | ---: |") }
	put("| " label " | " (id == "-" ? "–" : claim_word(id, "printed")) " | " result("reference", key, "ci") " | " result("yours", key, "ci") " |")
}
function table(name,   path, text) {
	placed[experiment, name] = 1
	path = results "/" experiment "/" name
	if (!exists(path)) path = reference "/" experiment "/" name
	# References that were accepted before tables were kept have none.
	if (!exists(path)) { put("\n*" name " is made by `make " target_of[experiment] "`; the reference does not keep it.*\n"); return }
	put("")
	while ((getline text < path) > 0) put(text ~ /^\|/ ? text : escape(text))
	close(path)
	put("")
}
# @show: from the first line of the definition, at the margin, to the brace that closes it there (clang-format lays every
# source out so); a macro to its last line. Above it the contract: the comment before its declaration in the header, or
# else before itself.
function show(path, name,   contract, text, last, n, start, code, is_macro, done) {
	if (!exists(path)) die("no file `" path "`")
	while (!done && (getline text < path) > 0) {
		n++
		if (!start && (name == "" || defines(text, name))) {
			start = n; is_macro = text ~ /^#/
			code = last ~ /^[A-Za-z].*[^;{}:]$/ ? last "\n" : ""
		}
		if (!start) { last = text; continue }
		code = code text "\n"
		if (name == "") continue
		if (!is_macro && text ~ /;$/ && code !~ /[{]/) { start = 0; last = "" }
		done = start && (is_macro ? text !~ /\\$/ : text ~ /^}/ || text ~ /[{].*};$/)
	}
	close(path)
	if (!done && name != "") die("no `" name "` is defined in " path)
	contract = name == "" ? "" : contract_of(path, name)
	if (book) put("\n::: quoted\n\n```c\n" contract code "```\n\n" small("`" path "`" (name == "" ? "" : ", from line " start)) "\n\n:::\n")
}
function contract_of(path, name,   declared, above) {
	declared = path; sub(/\.c$/, ".h", declared)
	above = comment_before(declared, name)
	return above == "" ? comment_before(path, name) : above
}
function defines(text, name) { return text ~ ("^[A-Za-z].*[ *]" name "[([]") || text ~ ("^" name "\\(") || text ~ ("^#define " name "[( ]") }
function comment_before(path, name,   text, above, found) {
	while (!found && (getline text < path) > 0) {
		if (text ~ /^\/\//) above = above text "\n"
		else if (defines(text, name)) found = 1
		else if (text == "" || text ~ /[;{}]$/ || text ~ /^[ #]/) above = ""
	}
	close(path)
	return found ? above : ""
}

# ---- Chapters ----

function chapter_id(e) { return "chapter-" e }
function is_built(e) { return e in title }
function name_of(e) { return is_built(e) ? title[e] : e ", not built yet" }
# Every page is read once: its lines, its title, and the lines `// target:`, `// needs:`, `// budget:` above it.
function read_chapters(   i, e, path, text, n) {
	CHAPTERS = lines_of("ls -d experiments/*/main.c | cut -d / -f 2", chapters)
	for (i = 1; i <= CHAPTERS; i++) {
		e = chapters[i]; path = "experiments/" e "/main.c"
		for (n = 0; (getline text < path) > 0; ) {
			page[e, ++n] = text
			if (match(text, /^\/\/ [a-z]+: */)) about_page[e, substr(text, 4, index(text, ":") - 4)] = substr(text, RLENGTH + 1)
			if (text ~ /^\/\/\/ # /) title[e] = substr(text, 7)
		}
		close(path)
		lines[e] = n
		file = path
		if (!is_built(e)) die("the page has no title (a line `/// # ...`)")
		if (!(e in target_of)) target_of[e] = about_page[e, "target"]
	}
}
# In the report an experiment's page is a subsection.
function heading(depth, text) {
	if (!book && experiment != "") depth++
	put("\n" substr("######", 1, depth) " " text "\n")
}
function facts(e,   i, j, n, s, side, seen, places, piece) {
	side = run_side(e)
	if (read_run(side, e)) s = "commit " commit(side, e) ", " number(run_line(side, e, "seconds"), 0) " s on " run_line(side, e, "threads") " threads, " escape(run_line(side, e, "peak memory"))
	for (i = 1; i <= N["claims"]; i++) {
		if (claim(O["claims", i], "experiment") != e) continue
		n = split(claim(O["claims", i], "place"), piece, ", ")
		for (j = 1; j <= n; j++) { sub(/ \(.*/, "", piece[j]); if (piece[j] ~ /^[A-Z][a-z]+\.? [0-9.]+$/ && !seen[piece[j]]++) places = places (places == "" ? "" : ", ") piece[j] }
	}
	if (!book) { put("\n" small(command(target_of[e]) (about_page[e, "needs"] == "" ? "" : " · weights " about_page[e, "needs"]) (s == "" ? "" : " · " side ": " s)) both("", "\\nopagebreak") "\n"); return }
	put("\n::: facts\n")
	fact("command", command(target_of[e])); fact("place", places); fact("weights", about_page[e, "needs"]); fact("budget", about_page[e, "budget"]); fact(side, s)
	put(":::\n")
}
function fact(what, text) { if (text != "") put(what "\n:   " text "\n") }

# The opening (title, claim, method, result) in both renderings; the program, what the opening quotes from elsewhere, and
# the provenance in the book.
function chapter(e,   i, n, text, opening, code, includes, has_result, quoted, quoted_at, quotes) {
	if (!is_built(e)) die("no experiment `" e "`")
	experiment = e; opening = 1
	for (i = 1; i <= lines[e]; i++) {
		file = "experiments/" e "/main.c"; line = i
		text = page[e, i]
		if (match(text, /^[ \t]*\/\/\/( |$)/)) {
			text = substr(text, RLENGTH + 1)
			if (code) { put("```\n"); code = 0 }
			includes = put_includes(includes)
			if (text ~ /^# /) { heading(1, title[e] marks(e) " {#" chapter_id(e) "}"); facts(e) }
			else if (opening && text == "## Result") { result_heading(e); has_result = 1 }
			else if (text ~ /^## /) heading(opening ? 2 : 3, substr(text, 4))
			else if (opening && text ~ /^@show /) { quoted[++quotes] = text; quoted_at[quotes] = i }
			else text_line(text)
			continue
		}
		if (opening && text ~ /^\/\/ /) continue
		if (opening) {
			opening = 0
			if (!has_result) result_heading(e)
			rest_of_results(e)
			if (!book) break
			heading(2, "The program {#program-" e "}")
			for (n = 1; n <= quotes; n++) { line = quoted_at[n]; text_line(quoted[n]) }
		}
		if (text ~ /^#include/) { includes = includes (includes == "" ? "" : ", ") included(text); continue }
		if (text == "" && !code) continue
		includes = put_includes(includes)
		if (!code) { put("\n```c"); code = 1 }
		print text
	}
	if (code) put("```\n")
	if (book) provenance_of(e)
	experiment = ""
}
function put_includes(s) { if (s != "") put("\n" small("Includes " s ".") "\n"); return "" }
function result_heading(e) { if (book) heading(2, "Result {#result-" e "}") }
function included(text) { gsub(/^#include [<"]|[>"].*/, "", text); return "`" text "`" }
function marks(e,   i, s) {
	for (i = 1; i <= N["claims"]; i++) if (claim(O["claims", i], "experiment") == e) s = s mark(verdict(O["claims", i]))
	return book && s != "" ? " [" s "]{.marks}" : ""
}
# What provenance lists as made: tables whose name has a script are drawn.
function rest_of_results(e,   tag, i, pass, what) {
	tag = run_side(e) " run/" e
	read_run(run_side(e), e)
	for (pass = 1; pass <= 2; pass++) {
		for (i = 1; i <= N[tag]; i++) {
			what = substr(O[tag, i], 6)
			if (O[tag, i] !~ /^file [^\/]*\.(md|tsv)$/) continue
			if (pass == 1 && sub(/\.tsv$/, "", what) && exists("figures/" what ".gp") && !((e, what) in placed)) figure(what, "")
			if (pass == 2 && book && what ~ /\.md$/ && !((e, what) in placed)) table(what)
		}
		if (pass == 1 && e == chapters[1] && TRAININGS) trainings_table()
		if (pass == 1 && claims_of[e] && !((e, "claims") in placed)) claims(e)
	}
}

# ---- Lines ----

# What stands below "## NAME" in a document, to the next heading of that rank, without the comments.
function section(path, name,   text, inside, found) {
	while ((getline text < path) > 0) {
		if (text ~ /^## /) { inside = substr(text, 4) == name; found = found || inside }
		else if (inside && text !~ /^<!--/) put(text)
	}
	close(path)
	if (!found) die(path " has no section `" name "`")
	put("")
}
function text_line(text,   i, a, what, rest) {
	if (text !~ /^@[a-z]/) { put(fill(text)); return }
	split(text, a, " "); what = a[1]
	rest = substr(text, length(what) + 2)
	if (what == "@book" || what == "@report") { if (what == "@" rendering) text_line(rest) }
	else if (what == "@planted" || what == "@unplanted") { if ((what == "@planted") == (data == "planted")) text_line(rest) }
	else if (what == "@figure") figure(a[2], fill(substr(rest, length(a[2]) + 2)))
	else if (what == "@effects") effects(fill(rest))
	else if (what == "@table") table(a[2])
	else if (what == "@compare") compare(a[2], a[3], fill(substr(rest, length(a[2] a[3]) + 3)))
	else if (what == "@show") show(a[2], a[3])
	else if (what == "@section") section(a[2], substr(rest, length(a[2]) + 2))
	else if (what == "@weave") weave(a[2])
	else if (what == "@errata") errata(a[2])
	else if (what == "@erratum") erratum(rest)
	else if (what == "@chapter") chapter(a[2])
	else if (what == "@chapters") { for (i = 1; i <= CHAPTERS; i++) if (book || claims_of[chapters[i]]) chapter(chapters[i]) }
	else if (what == "@claims") claims(rest == "" ? experiment : rest)
	else if (what == "@ledger") ledger()
	else if (what == "@counts") counts()
	else if (what == "@matrix") matrix()
	else if (what == "@trainings") trainings_table()
	else if (what == "@compute") compute()
	else if (what == "@deviations") deviations(a[2])
	else die("no directive `" what "`")
}
function weave(path,   text, n) {
	if (!exists(path)) die("no file `" path "`")
	while ((getline text < path) > 0) { file = path; line = ++n; text_line(text) }
	close(path)
}

BEGIN {
	file = ARGV[1]
	book = rendering == "book"
	data = results; sub(/.*-/, "", data)
	VERDICTS = split("REPRODUCED REPRODUCED-SCALED TREND-ONLY INCONCLUSIVE NOT-REPRODUCED REFUTED STALE ERROR NOT-RUN", V, " ")
	read_claims()
	read_chapters()
	read_errata("paper/errata.md")
	if (rendering == "documents") renew(ARGV[1])
	else if (rendering == "effects") printf "%s", effects_table()
	else { read_trainings(); weave(ARGV[1]); put("") }
	exit failed ? 3 : 0
}
