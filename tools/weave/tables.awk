# The project's tables, read once: paper/claims.tsv, the two ledgers, results and their provenance; and which verdict
# is shown where yours and the reference's differ.

# N[tag] rows of a TSV with a header: O[tag, i] their first cell, T[tag, first cell, column] every cell, L[tag, column]
# those of the last row; 0 rows where there is no file.
function read_tsv(tag, path,   text, cells, head, n, i) {
	if (tag in N) return N[tag]
	N[tag] = 0
	while ((getline text < path) > 0) {
		n = split(text, cells, "\t")
		if (!head[1]) { for (i = 1; i <= n; i++) head[i] = cells[i]; continue }
		O[tag, ++N[tag]] = cells[1]
		for (i = 1; i <= n; i++) L[tag, head[i]] = T[tag, cells[1], head[i]] = cells[i]
	}
	close(path)
	return N[tag]
}
function exists(path,   text, there) { there = (getline text < path) >= 0; close(path); return there }
# The text as one word of the shell.
function shell_word(text,   i, n, part, word) {
	n = split(text, part, "'")
	for (i = 1; i <= n; i++) word = word (i > 1 ? "'\\''" : "") part[i]
	return "'" word "'"
}
# list[1..n] = what a command prints, a line each.
function lines_of(shell, list,   text, n) {
	while ((shell | getline text) > 0) list[++n] = text
	if (close(shell)) die("`" shell "` failed")
	return n + 0
}

# A side is "yours" or "reference".
function folder(side) { return side == "yours" ? results : reference }
function other(side) { return side == "yours" ? "reference" : "yours" }
function read_result(side, e) { return read_tsv(side "/" e, folder(side) "/" e "/result.tsv") }
function read_run(side, e) { return read_tsv(side " run/" e, folder(side) "/" e "/provenance.tsv") }
function run_line(side, e, what) { return read_run(side, e) ? T[side " run/" e, what, "value"] : "" }
# The side whose run is shown: yours, where there is one.
function run_side(e) { return read_run("yours", e) ? "yours" : "reference" }

function read_claims(   i, id, e) {
	if (!read_tsv("claims", "paper/claims.tsv")) die("paper/claims.tsv has no claims")
	read_tsv("yours", results "/ledger.tsv")
	read_tsv("reference", reference "/ledger.tsv")
	for (i = 1; i <= N["claims"]; i++) {
		id = O["claims", i]; e = claim(id, "experiment")
		if (claim(id, "kind") == "arithmetic") count["arithmetic"]++
		else { count[verdict(id)]++; count["claims"]++; count[claim(id, "origin")]++ }
		if (!claims_of[e]++) parts[++PARTS] = e
		target_of[e] = claim(id, "target")
	}
	count["tested"] = count["claims"] - count["NOT-RUN"]
}
function claim(id, column) {
	if (!(("claims", id, "id") in T)) die("no claim `" id "` (see paper/claims.tsv)")
	if (!(("claims", id, column) in T)) die("claims have no column `" column "`")
	return T["claims", id, column]
}
# The corrected form of a claim, "" where it has none.
function corrected(id) { return (("claims", id ".corrected", "id") in T) ? id ".corrected" : "" }
# What a side's ledger says of a claim, or else the verdicts that its experiment left; "" where neither says anything.
function state(side, id, column,   tag) {
	if ((side, id, column) in T) return T[side, id, column]
	tag = side " verdicts/" claim(id, "experiment")
	read_tsv(tag, folder(side) "/" claim(id, "experiment") "/verdicts.tsv")
	return T[tag, id, column]
}
function word(v) { sub(/\(.*/, "", v); return v }
function judged(side, id,   v) { v = word(state(side, id, "verdict")); return v != "" && v != "NOT-RUN" }
# Yours is shown first, unless the claim was judged by the reference alone.
function shown(id) { return judged("yours", id) || !(("reference", id, "verdict") in T) ? "yours" : "reference" }
function verdict(id,   v) { v = word(state(shown(id), id, "verdict")); return v == "" ? "NOT-RUN" : v }
# Why a verdict is no better (a claim that was not run, a pilot), and what was found: columns where the ledger has them,
# else the parts of its one note.
function note(id,   s) { s = state(shown(id), id, "note"); return s == "" ? state(shown(id), id, "reason") : s }
function is_reason(id, s) { return verdict(id) ~ /^(NOT-RUN|STALE|ERROR)$/ || s ~ /^(pilot|small trainings)/ }
function reason(id,   s) {
	if ((shown(id), id, "finding") in T) return T[shown(id), id, "reason"]
	s = note(id); sub(/;.*/, "", s)
	return is_reason(id, s) ? s : ""
}
function finding(id,   s, scale) {
	scale = state(shown(id), id, "scale")
	if ((shown(id), id, "finding") in T) { s = T[shown(id), id, "finding"]; return scale == "" ? s : s (s == "" ? "" : "; ") scale }
	s = note(id)
	return reason(id) == "" ? s : s ~ /;/ ? substr(s, index(s, "; ") + 2) : ""
}
