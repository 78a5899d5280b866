# The parts that are made from the tables: ledger, claims, counts, matrix, effects, provenance, compute, errata,
# departures.

# What the paper prints: a number with its own digits (20.0 stays 20.0), or its words.
function printed(id) {
	if (claim(id, "origin") != "paper") return claim(id, "origin") == "added" ? small("not in the paper") : "–"
	return claim(id, "printed") != "" ? escape(claim(id, "printed")) : claim(id, "wording") != "" ? small(escape(claim(id, "wording"))) : "–"
}
function unit(id) { return claim(id, "unit") == "1" ? "" : claim(id, "unit") }
function estimate(side, id) { return interval(state(side, id, "estimate"), state(side, id, "low"), state(side, id, "high"), 1) }
function verdict_cell(id,   s) {
	s = both("", "\\rule{0pt}{3.1mm}") badge(verdict(id))
	if (reason(id) != "") s = s br() small(escape(reason(id)))
	if (shown(id) == "yours" && judged("reference", id) && word(state("reference", id, "verdict")) != verdict(id))
		s = s br() small("reference: " word(state("reference", id, "verdict")))
	return claim(id, "kind") == "arithmetic" ? s br() (book ? "[subtraction of printed numbers]{.small .sum}" : small("subtraction of printed numbers")) : s
}
function claims_head(class) {
	put("")
	put("| verdict | claim | published | reference | yours |")
	put("| --- | --- | ---: | ---: | ---: |")
	table_class = class
	shares = "22 62 12 14 14"
}
function claim_row(id, text) { put("| " verdict_cell(id) " | " text " | " printed(id) " | " estimate("reference", id) " | " estimate("yours", id) " |") }

# @ledger: every claim, below the title of its chapter.
function ledger(   i, id, e, last) {
	claims_head("#ledger-table .claims")
	for (i = 1; i <= N["claims"]; i++) {
		id = O["claims", i]; e = claim(id, "experiment")
		if (e != last) put("| []{.group} | **" (is_built(e) ? "[" title[e] "](#" chapter_id(e) ")" : name_of(e)) "** | | | |")
		last = e
		claim_row(id, anchor("ledger-" id) escape(claim(id, "statement")) br() small(escape(claim(id, "place")) " · " command(claim(id, "target")) " · " \
		    (is_built(e) ? "[" (book ? "chapter\302\240" e + 0 : "result") "](#claim-" id ") · " : "") identifier(id)))
	}
	put("")
}
# @claims: those of one experiment, with what was found and how it was judged.
function claims(e,   i, id) {
	placed[e, "claims"] = 1
	claims_head(".claims")
	for (i = 1; i <= N["claims"]; i++) {
		id = O["claims", i]
		if (claim(id, "experiment") == e)
			claim_row(id, anchor("claim-" id) escape(claim(id, "statement")) br() small(escape(claim(id, "place")) " · " (book ? "[" identifier(id) "](#ledger-" id ")" : identifier(id)) \
			    (id in erratum_of ? " · [erratum](#erratum-" erratum_of[id] ")" : "")) folded("how it was judged", how_judged(id)))
	}
	put("")
}
function how_judged(id,   s, test, what) {
	test = state(shown(id), id, "test")
	what = claim(id, "quantity")
	if (finding(id) != "") s = "Found: " escape(finding(id)) ". "
	if (what != "") s = s "The number: " escape(what) (unit(id) == "" ? "" : ", in " escape(unit(id))) ". "
	s = s "Judged as " claim(id, "kind") (claim(id, "margin") == "" ? "" : ", margin " claim(id, "margin")) (test == "" ? "" : ", test: " escape(test))
	# The margins' sources are long, and the same for many claims: the book has them.
	return s (book && claim(id, "margin_source") != "" ? ". Margin: " escape(claim(id, "margin_source")) : "") "."
}

# @counts: a bar of all verdicts, best first, and its legend.
function counts(   i, v, bar, legend, label) {
	for (i = 1; i <= VERDICTS; i++) {
		if (!count[v = V[i]]) continue
		label = label " " count[v] " " v ";"
		bar = bar (book ? "<span class=\"v-" tolower(v) "\" style=\"flex-grow:" count[v] "\"></span>" : "\\barpart{" count[v] "}{" tolower(v) "}{" v "}")
		legend = legend "<li class=\"v v-" tolower(v) "\" data-verdict=\"" v "\">" svg(v, "aria-hidden=\"true\"") "<b>" count[v] "</b> " v "</li>"
	}
	if (book) raw("html", "<div class=\"bar\" role=\"img\" aria-label=\"" count["claims"] " claims:" label "\">" bar "</div><ul class=\"legend\">" legend "</ul>")
	else raw("latex", "\\verdictbar{" count["claims"] "}{" bar "}")
}
# @matrix: parts of the paper against verdicts.
function matrix(   i, j, id, cells, ends, ruler, text) {
	for (i = 1; i <= N["claims"]; i++) { id = O["claims", i]; cells[claim(id, "experiment"), verdict(id)]++ }
	shares = "42 26 9"
	for (j = 1; j <= VERDICTS; j++) if (count[V[j]]) { ends = ends " " mark(V[j]) " |"; ruler = ruler " ---: |"; shares = shares " 6" }
	put(""); put("| part of the paper | command | claims |" ends); put("| --- | --- | ---: |" ruler)
	for (i = 1; i <= PARTS; i++) {
		text = "| " name_of(parts[i]) " | " command(target_of[parts[i]]) " | " claims_of[parts[i]] " |"
		for (j = 1; j <= VERDICTS; j++) if (count[V[j]]) text = text " " (cells[parts[i], V[j]] ? cells[parts[i], V[j]] : "·") " |"
		put(text)
	}
	put("")
}
# For figures/effects.gp: every claim whose printed effect was measured. Without any the table is empty.
function effects_table(   i, id, n, text) {
	for (i = 1; i <= N["claims"]; i++) {
		id = O["claims", i]
		if (claim(id, "effect") != "" && is_number(claim(id, "printed")) && is_about(id, data) && (is_number(state("reference", id, "estimate")) || is_number(state("yours", id, "estimate"))))
			text = text "\n" ++n "\t" id "\t" claim(id, "effect") "\t" measured("reference", id) "\t" measured("yours", id)
	}
	return n ? "row\tid\tprinted\treference\treference_low\treference_high\tyours\tyours_low\tyours_high" text : ""
}
function measured(side, id,   x) { x = state(side, id, "estimate"); return is_number(x) ? x "\t" or_nan(state(side, id, "low")) "\t" or_nan(state(side, id, "high")) : "nan\tnan\tnan" }
function or_nan(x) { return x == "" ? "nan" : x }
function effects(caption) {
	if (effects_table() == "") put("\n*No claim that prints an effect was measured in this setting.*\n")
	else put("\n![" caption "](" figures "/effects" (book ? ".svg" : ".pdf") "){.plot .narrow}\n")
}

# At a chapter's end (book): what decides whether its result is still valid, and what made it. Where yours differs in a
# line that decides, a miss is explained first.
function provenance_of(e,   i) {
	if (!(read_run("reference", e) + read_run("yours", e))) return
	heading(2, "Provenance {#provenance-" e "}")
	raw("html", "<details><summary>What this result depends on, and what made it</summary>")
	put("| what | reference | yours |"); put("| --- | --- | --- |")
	for (i = 1; i <= N["reference run/" e]; i++) provenance_row(e, O["reference run/" e, i])
	for (i = 1; i <= N["yours run/" e]; i++) if (!(("reference run/" e, O["yours run/" e, i], "value") in T)) provenance_row(e, O["yours run/" e, i])
	put(""); raw("html", "</details>")
}
function provenance_row(e, what,   theirs, mine) {
	if (what ~ /^file /) return
	theirs = run_line("reference", e, what); mine = run_line("yours", e, what)
	put("| " literal(what) (theirs != "" && mine != "" && theirs != mine && T["yours run/" e, what, "keyed"] ? " **≠**" : "") " | " digest(theirs) " | " digest(mine) " |")
}
function digest(s) { return s == "" ? "–" : s ~ /^[0-9a-f]+$/ && length(s) >= 40 ? both("<code title=\"" s "\">" substr(s, 1, 12) "</code>", "\\texttt{" substr(s, 1, 12) "}") : literal(s) }

# The trainings that either side kept: 00-pretrain has a folder for each run.
function read_trainings(   i, list, n, seen) {
	n = lines_of("ls -d " shell_word(results) "/00-pretrain/*/provenance.tsv " shell_word(reference) "/00-pretrain/*/provenance.tsv 2> /dev/null | sed 's,/provenance.tsv$,,; s,.*/,,'", list)
	for (i = 1; i <= n; i++) if (!seen[list[i]]++) trainings[++TRAININGS] = "00-pretrain/" list[i]
}
# @trainings: how long each model was trained, and how well it reconstructs.
function trainings_table(   i, j, e, side, sides) {
	if (!TRAININGS) { put("\n*No training is on record in this setting (`make pretrain-all`).*\n"); return }
	split("reference yours", sides, " ")
	put(""); put("| model | of | updates | loss of the last epoch | masked loss of test images | arithmetic | seconds |"); put("| --- | --- | ---: | ---: | ---: | --- | ---: |")
	for (i = 1; i <= TRAININGS; i++) for (j = 1; j <= 2; j++) {
		e = trainings[i]; side = sides[j]
		if (!read_run(side, e)) continue
		read_result(side, e)
		put("| " substr(e, 13) " | " side " | " number(T[side "/" e, "updates", "value"]) " | " number(T[side "/" e, "final_loss", "value"]) " | " \
		    interval(T[side "/" e, "test_loss", "value"], T[side "/" e, "test_loss", "low"], T[side "/" e, "test_loss", "high"]) " | " literal(run_line(side, e, "training arithmetic")) " | " number(run_line(side, e, "seconds"), 0) " |")
	}
	put("")
}
# @compute: who made each result, where, and how long it took.
function compute(   i, j, e, side, sum, sides) {
	split("reference yours", sides, " ")
	put(""); put("| result | of | commit | seconds | memory | CPU, threads | products |"); put("| --- | --- | --- | ---: | ---: | --- | --- |")
	for (i = 1; i <= TRAININGS + CHAPTERS; i++) for (j = 1; j <= 2; j++) {
		e = i > TRAININGS ? chapters[i - TRAININGS] : trainings[i]; side = sides[j]
		if (!read_run(side, e)) continue
		sum[side] += run_line(side, e, "seconds")
		put("| " e " | " side " | " commit(side, e) " | " number(run_line(side, e, "seconds"), 0) " | " escape(run_line(side, e, "peak memory")) " | " escape(run_line(side, e, "CPU")) ", " run_line(side, e, "threads") " | " run_line(side, e, "products") " |")
	}
	for (j = 1; j <= 2; j++) if (sum[sides[j]]) put("| **all** | " sides[j] " | | **" number(int(sum[sides[j]])) "** | | | |")
	put("")
}
function commit(side, e) { return "`" substr(run_line(side, e, "commit"), 1, 12) "`" (run_line(side, e, "dirty") == "yes" ? " with changes" : "") }

# @errata FILE: another skeleton, which must have an erratum for every claim that has a corrected form.
function errata(path,   i, id) {
	weave(path)
	for (i = 1; i <= N["claims"]; i++) {
		id = O["claims", i]
		if (corrected(id) != "" && !(id in erratum_of)) die("no erratum for `" id "` (add `@erratum " id "` to " path ")")
	}
}
# Reads beforehand which claims have one, so that their rows lead there.
function read_errata(path,   text, a, n, i) {
	while ((getline text < path) > 0) if (text ~ /^@erratum /) { n = split(text, a, " "); for (i = 2; i <= n; i++) erratum_of[a[i]] = a[2] }
	close(path)
}
# @erratum ID...: the heading of what corrects these claims of one place, and their verdicts. (TeX: a colour outside of a
# paragraph would let the page end between the two.)
function erratum(ids,   a, i, n) {
	n = split(ids, a, " ")
	heading(2, upper_first(escape(claim(a[1], "place"))) " {#erratum-" a[1] "}")
	for (i = 1; i <= n; i++)
		put(both("", "\\leavevmode") small(badge(verdict(a[i])) " [" identifier(a[i]) "](#claim-" a[i] ")" \
		    (corrected(a[i]) == "" ? "" : " · " badge(verdict(corrected(a[i]))) " [" identifier(corrected(a[i])) "](#claim-" corrected(a[i]) ")")) both("", "\\nopagebreak") "\n")
}
# @deviations FILE: the table of departures, a paragraph a row; what it touches leads to the claims.
function deviations(path,   text, cells, n, c) {
	if (!exists(path)) die("no file `" path "`")
	while ((getline text < path) > 0) {
		if (text !~ /^\|/ || text ~ /^\| (what|---) /) continue
		gsub(/\\\|/, "\001", text)
		n = split(text, cells, / *\| */)
		for (c = 2; c < n; c++) gsub(/\001/, "|", cells[c])
		put(upper_first(cells[2]) "\n:   *Paper:* " cells[3] ". *Here:* " cells[4] ". *Why:* " cells[5] ". " small("Touches " touched(cells[6]) ".") "\n")
	}
	close(path)
}
function touched(s,   a, n, i, out) {
	n = split(s, a, /, */)
	for (i = 1; i <= n; i++) out = out (i > 1 ? ", " : "") ((("claims", a[i], "id") in T) ? "[" literal(a[i]) "](#claim-" a[i] ")" : a[i] == "*" ? "every claim" : literal(a[i]))
	return out
}
