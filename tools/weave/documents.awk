# README.md and REPRODUCE.md: their parts between "<!-- generated: NAME -->" and "<!-- end -->", for which the committed
# references are read, all of them.

# The file with its parts renewed.
function renew(path,   text, n, name, begun) {
	if (!exists(path)) die("no file `" path "`")
	REFERENCES = lines_of("ls -d results/reference/*/ledger.tsv 2> /dev/null | cut -d / -f 3", references)
	while ((getline text < path) > 0) {
		file = path; line = ++n
		if (name != "" && text != "<!-- end -->") continue
		print text
		name = ""
		if (text ~ /^<!-- generated: [a-z_]+ -->$/) { split(text, begun, " "); name = begun[3]; begun[1] = n; part(name) }
	}
	close(path)
	line = begun[1]
	if (name != "") die("part `" name "` has no end (add '<!-- end -->')")
}
function part(name,   i, list, n) {
	if (name ~ /^(ledger|verdicts|desk_verdicts)$/ && !REFERENCES) print "No reference has been accepted yet."
	else if (name == "ledger") for (i = 1; i <= REFERENCES; i++) tallies(references[i])
	else if (name == "verdicts") for (i = 1; i <= REFERENCES; i++) verdicts_of(references[i])
	else if (name == "desk_verdicts") { for (i = 1; i <= REFERENCES; i++) if (references[i] ~ /^desk-/) verdicts_of(references[i], 1) }
	else if (name == "claims") every_claim()
	else if (name == "theory") theory()
	else if (name == "beyond") beyond()
	else if (name == "budgets") budgets()
	else if (name == "experiments") experiments()
	else if (name == "limitations") limitations()
	else if (name == "shipped") shipped()
	else if (name == "misses") misses()
	else if (name == "software") say("echo '```'; tools/deps core --print | tr '\\n' ' ' | fold -s -w 110 | sed 's/ *$//'; echo; echo '```'")
	else if (name == "arithmetic") arithmetic("results/reference/desk-cifar10/arithmetic")
	else if (name == "bench") say("set -- results/reference/bench/*.tsv; if [ -e \"$1\" ]; then tools/bench-page --markdown \"$@\"; else echo 'No measurement has been accepted yet (`make bench accept-bench`).'; fi")
	else die("no part `" name "`")
}
function say(shell,   i, n, list) { n = lines_of(shell, list); for (i = 1; i <= n; i++) print list[i] }
# Cells between tabs as a row; `header` also draws the line below.
function row(cells) { gsub(/\|/, "\\|", cells); gsub(/\t/, " | ", cells); print "| " cells " |" }
function header(cells) { row(cells); gsub(/[^\t]+/, "---", cells); row(cells) }
function of_ledger(name, id, column) { read_tsv("of " name, "results/reference/" name "/ledger.tsv"); return T["of " name, id, column] }
function remark(name, id,   s) { s = of_ledger(name, id, "note"); return s == "" ? of_ledger(name, id, "finding") : s }

# How many claims have each verdict, most first; subtractions of printed numbers apart.
function tallies(name,   at) {
	read_tsv("reasons of " name, "results/reference/" name "/reasons.tsv")
	at = L["reasons of " name, "commit"]
	print "Reference `" name "`, accepted at commit `" substr(at, 1, 12) "`: " tally(name, 0) "; apart from these, subtractions of printed numbers: " tally(name, 1) ".\n"
}
function tally(name, apart,   i, v, found, many, out, best) {
	for (i = 1; i <= N["claims"]; i++) {
		v = word(of_ledger(name, O["claims", i], "verdict"))
		if (v != "" && (claim(O["claims", i], "kind") == "arithmetic") == apart) many[v]++
	}
	do {
		best = ""
		for (i = 1; i <= VERDICTS; i++) if (many[V[i]] > (best == "" ? 0 : many[best])) best = V[i]
		if (best != "") { out = out (out == "" ? "" : ", ") many[best] " " best; many[best] = 0 }
	} while (best != "")
	return out == "" ? "none" : out
}
# The verdicts of a reference, then what was not run and why; `of_models`: without those on the mathematics alone,
# and of planted scenes only what is claimed of them or what no images of another kind decide.
function verdicts_of(name, of_models,   i, id, v, left, planted) {
	print "**" name "**\n"
	planted = of_models && name ~ /-planted$/
	header("claim\tplace\tstatement\treference [90 % interval]\tverdict\tnote")
	for (i = 1; i <= N["claims"]; i++) {
		id = O["claims", i]; v = of_ledger(name, id, "verdict")
		if (planted && claim(id, "data") != "planted" && (claim(id, "data") == "none" || judged_elsewhere(id))) continue
		if (of_models && is_theory(id) && claim(id, "data") == "none") { left++; continue }
		if (v != "" && v !~ /^NOT-RUN/) row(id "\t" claim(id, "place") "\t" claim(id, "statement") "\t" found(name, id) "\t" v "\t" remark(name, id))
	}
	not_run(name, planted)
	if (planted) print "\nThese are the claims about planted scenes, and those that CIFAR-10 cannot decide; what else was found on them: REPRODUCE.md, section 7."
	if (left) print "\nAnd " left " claims on the mathematics alone, whose verdicts need no model: REPRODUCE.md, section 7."
	print ""
}
# A measured number with its unit, its interval and the images, scenes or seeds that it is from.
function found(name, id,   x, low, n, unit) {
	x = of_ledger(name, id, "estimate"); low = of_ledger(name, id, "low"); n = of_ledger(name, id, "n"); unit = of_ledger(name, id, "unit")
	if (!is_number(x)) return "-"
	return sprintf("%.4g", x) (is_number(low) ? sprintf(" [%.4g, %.4g]", low, of_ledger(name, id, "high")) : "") (unit == "1" || unit == "" ? "" : " " unit) (is_number(low) && n > 0 ? ", n = " n : "")
}
# True for a claim that a desk reference of images other than planted scenes has judged.
function judged_elsewhere(id,   i, v) {
	for (i = 1; i <= REFERENCES; i++) {
		v = of_ledger(references[i], id, "verdict")
		if (references[i] ~ /^desk-/ && references[i] !~ /-planted$/ && v != "" && v !~ /^NOT-RUN/) return 1
	}
	return 0
}
# The claims that a reference has not judged, by reason, in the order of the claims; `planted`: of those about planted
# scenes alone.
function not_run(name, planted,   i, id, v, why, reasons, count, ids) {
	for (i = 1; i <= N["claims"]; i++) {
		id = O["claims", i]; v = of_ledger(name, id, "verdict")
		if (planted && claim(id, "data") != "planted" || v != "" && v !~ /^NOT-RUN/) continue
		why = v == "" ? "not in this reference yet" : of_ledger(name, id, "reason")
		if (!(why in ids)) reasons[++count] = why
		ids[why] = ids[why] (ids[why] == "" ? "" : ", ") "`" id "`"
	}
	if (count) print "\nNot run:\n"
	for (i = 1; i <= count; i++) print "- " reasons[i] ": " ids[reasons[i]]
}
function every_claim(   i, id) {
	header("claim\tplace\tstatement\tprinted\tkind\tmargin\tmargin from\tcommand")
	for (i = 1; i <= N["claims"]; i++) {
		id = O["claims", i]
		row(id "\t" claim(id, "place") "\t" claim(id, "statement") "\t" as_printed(id) "\t" claim(id, "kind") "\t" claim(id, "margin") "\t" claim(id, "margin_source") "\t`make " claim(id, "target") setting(id) "`")
	}
}
# What make must be told beyond the target, where the default tier and data do not decide the claim.
function setting(id,   about) {
	about = claim(id, "data")
	if (claim(id, "kind") == "arithmetic") return ""
	if (about == "planted") return " DATA=planted"
	if (about == "imagenet") return " TIER=paper DATA=imagefolder IMAGENET_DIR=... WEIGHTS=..."
	return claim(id, "tier") == "paper" ? " TIER=paper" : ""
}
function as_printed(id) { return claim(id, "printed") == "" ? claim(id, "wording") : claim(id, "printed") }
# The verdict of the first reference that judged the claim; "-" where none knows it.
function settled(id,   i, v, known) {
	for (i = 1; i <= REFERENCES; i++) {
		v = of_ledger(references[i], id, "verdict")
		if (v != "" && v !~ /^NOT-RUN/) return v " (" references[i] ")"
		known = known || v != ""
	}
	return known ? "NOT-RUN" : "-"
}
function is_theory(id) { return claim(id, "experiment") ~ /^(0[6-9]|10)-/ }
# What the paper says next to what is true, and what was found of each.
function theory(   i, id, fixed, says) {
	header("place\tthe paper says\tverdict\twhat is true\tverdict")
	for (i = 1; i <= N["claims"]; i++) {
		id = O["claims", i]; fixed = corrected(id); says = claim(id, "statement")
		if (!is_theory(id) || claim(id, "origin") == "added" || id ~ /\.corrected$/) continue
		if (claim(id, "origin") == "corrected") row(claim(id, "place") "\t\t\t" says "\t" settled(id))
		else row(claim(id, "place") "\t" says "\t" settled(id) "\t" (fixed == "" ? told(id) "\t" : claim(fixed, "statement") "\t" settled(fixed)))
	}
}
# Where the true form of a claim is told that no row of its own judges.
function told(id) { return (id in erratum_of) ? "`paper/errata.md`, " claim(erratum_of[id], "place") : "" }
function beyond(   i, id) {
	header("claim\tstatement\tverdict")
	for (i = 1; i <= N["claims"]; i++) {
		id = O["claims", i]
		if (is_theory(id) && claim(id, "origin") == "added") row("`" id "`\t" claim(id, "statement") "\t" settled(id))
	}
}
function budgets(   i, e) {
	header("experiment\tcommand\tweights it needs\tbudget on 2 cores")
	for (i = 1; i <= CHAPTERS; i++) { e = chapters[i]; row(e "\t`make " about_page[e, "target"] "`\t" (about_page[e, "needs"] == "" ? "-" : about_page[e, "needs"]) "\t" about_page[e, "budget"]) }
}
# Of each page its first section: the claim and the method; the proofs are in the book.
function experiments(   i, j, e, ids, text) {
	for (i = 1; i <= CHAPTERS; i++) {
		e = chapters[i]
		print "### " e ": `make " about_page[e, "target"] "`\n"
		for (j = 1; j <= lines[e] && page[e, j] !~ /^\/\/\/ # /; ) j++
		while (page[e, ++j] ~ /^\/\/\/( |$)/ && page[e, j] !~ /^\/\/\/ ##/)
			if (page[e, j] !~ /^\/\/\/ @/ && !(page[e, j] == "///" && page[e, j - 1] !~ /^\/\/\/ [^#@]/)) print substr(page[e, j], 5)
		ids = ""
		for (j = 1; j <= N["claims"]; j++) if (claim(O["claims", j], "experiment") == e) ids = ids (ids == "" ? "" : ", ") "`" O["claims", j] "`"
		print "\nClaims: " (ids == "" ? "none" : ids) "\n\nFiles: `results/TIER-DATA/" e "/" (e == "00-pretrain" ? "RUN/`" : "`") ": result.tsv, verdicts.tsv, provenance.tsv" files_of(e) ".\n"
	}
}
# The names that the sources give to run_path, run_table and headings_open, and to figure_draw as its last, in the order of
# the files, each once; the skeleton writes the table of checks, and figure_draw the caption (.txt).
function files_of(e,   i, n, list, text, out, name, seen) {
	n = lines_of("cat experiments/" e "/*.c", list)
	for (i = 1; i <= n; i++) text = text " " list[i]
	if (text ~ /\.checks = /) out = ", checks.md"
	seen["checks.md"] = out != ""
	while (match(text, /(run_path|run_table|headings_open)\([^";]*"[^"]+"|figure_draw\([^";]*("[^"]+"[^";]*)+;/)) {
		name = substr(text, RSTART, RLENGTH); text = substr(text, RSTART + RLENGTH)
		sub(/"[^"]*$/, "", name)
		name = name ~ /^figure_draw/ ? quoted_name(name) ".svg, .png and .txt" : quoted_name(name)
		if (!seen[name]++) out = out ", " name
	}
	return out (e == "00-pretrain" ? "; `results/TIER-DATA/weights/RUN.safetensors`; `results/TIER-DATA/runs/RUN/log.tsv`" : "")
}
function quoted_name(s) { sub(/.*"/, "", s); return s }
function limitations(   i, j, ids, n, missing) {
	for (i = 1; i <= PARTS; i++) {
		if (is_built(parts[i])) continue
		if (!missing++) header("experiment not built yet\tclaims\tNOT-RUN")
		ids = ""; n = 0
		for (j = 1; j <= N["claims"]; j++) if (claim(O["claims", j], "experiment") == parts[i]) ids = ids (n++ ? ", " : "") "`" O["claims", j] "`"
		row(parts[i] "\t" n "\t" ids)
	}
	if (!missing) print "Every claim has its experiment."
}
# The claims that the desk references do not confirm, each with a sentence on why from paper/misses.tsv.
function misses(   i, j, id, v) {
	read_tsv("misses", "paper/misses.tsv")
	header("claim\treference\tverdict\tit is\twhy")
	for (i = 1; i <= REFERENCES; i++) for (j = 1; j <= N["claims"]; j++) {
		if (references[i] !~ /^desk-/) break
		id = O["claims", j]; v = of_ledger(references[i], id, "verdict")
		if (v !~ /^(TREND-ONLY|INCONCLUSIVE|NOT-REPRODUCED)/) continue
		# On planted scenes claims about images earn no more than a trend, whatever is found.
		if (references[i] ~ /-planted$/ && claim(id, "data") != "planted") continue
		if (T["misses", id, "why"] == "") die(id " is " v " in " references[i] ", and nothing says why (add a row to paper/misses.tsv)")
		row("`" id "`\t" references[i] "\t" v "\t" T["misses", id, "cause"] "\t" T["misses", id, "why"])
	}
}
# The weights in results/checkpoints: how long each was trained, what it does on test images, what rounding to BF16 costs.
function shipped(   n, list, i, place, j, id, log_tag) {
	n = lines_of("ls -d results/checkpoints/*/rounding.tsv 2> /dev/null | sort", list)
	if (!n) print "No trained weights are shipped yet (`make pretrain-all` trains them)."
	for (i = 1; i <= n; i++) {
		place = list[i]; sub(/\/rounding\.tsv$/, "", place)
		print "`" place "`:\n"
		header("weights\ttrained in\tepochs\tupdates\tmeasure\tas trained, 90 % interval\trounding to BF16 adds\ttest images")
		for (j = 1; j <= read_tsv("rounding " i, list[i]); j++) {
			id = O["rounding " i, j]; log_tag = "log " i " " id
			if (!read_tsv(log_tag, place "/" id ".log.tsv")) die("no log of the shipped weights " place "/" id)
			row(id "\t" training_of(place "/" id ".safetensors") "\t" sprintf("%.4g", L[log_tag, "epoch"]) "\t" L[log_tag, "updates"] "\t" rounding(i, id, "measure") "\t" sprintf("%.4g [%.4g, %.4g]", rounding(i, id, "trained"), rounding(i, id, "low"), rounding(i, id, "high")) "\t" sprintf("%.1e", rounding(i, id, "difference")) "\t" rounding(i, id, "images"))
		}
		print ""
	}
}
# In which arithmetic weights were trained, and by which program where it was not this one.
function training_of(path,   n, text) {
	n = lines_of("head -c 16384 " path " | grep -aoE '\"(arithmetic|trainer)\": ?\"[^\"]*\"' | sort | sed -E 's/.*: ?\"(.*)\"/\\1/'", text)
	if (!n) die("no metadata in " path)
	return n == 1 ? text[1] : text[1] ", by " text[2]
}
function rounding(i, id, column) { return T["rounding " i, id, column] }
# What `make figure-arithmetic` found: the sentence on each arithmetic, and how far it is from fp32.
function arithmetic(path,   i, j, name, key, shares) {
	if (!read_tsv("numerics run", path "/provenance.tsv")) { print "No figure has been accepted yet (`make figure-arithmetic accept-arithmetic`)."; return }
	read_tsv("numerics", path "/result.tsv")
	for (i = 1; i <= N["numerics run"]; i++) {
		name = O["numerics run", i]
		if (name !~ /^verdict /) continue
		printf "- %s.", T["numerics run", name, "value"]
		for (j = 1; j <= N["numerics"]; j++) {
			key = O["numerics", j]
			if (index(key, "largest_paired_difference_of_means_" substr(name, 9) "_") == 1)
				printf " Its running mean is never more than %.2g from that of fp32 with the same seed; over the last fifth the fp32 seeds lie %.2g apart.", T["numerics", key, "value"], T["numerics", "band_breadth_last_fifth", "value"]
		}
		print ""
	}
	for (j = 1; j <= N["numerics"]; j++) {
		key = O["numerics", j]
		if (key ~ /^control_share_fp32_/) shares = shares (shares == "" ? "" : ", ") sprintf("%.1f", 100 * T["numerics", key, "value"])
	}
	if (shares != "") print "\nThe same of fp32, each seed by the band of the other two: " shares " % of the updates."
	print "\nUpdates: " T["numerics run", "updates", "value"] "; `make figure-arithmetic` at commit " substr(T["numerics run", "commit", "value"], 1, 12) "."
}
