# These stand in the place of the built-ins that OPA's Wasm answers otherwise than OPA does, where a deny would not fire although
# its test passes. A rule that had the name of a built-in without a dot would be called here instead of it.
package lelu.corrected

# There, * stops at a line break, and ( is one of a regular expression.
glob_match(pattern, delimiters, text) := regex.match(lelu.glob_regex(pattern, delimiters), text)

# There, a replace of "" never ends.
replace(text, old, new) := strings.replace_n({old: new}, text)

# There, no IPv4 network has an address that is written as IPv6 (::ffff:10.0.0.1).
cidr_contains(network, other) := net.cidr_contains(lelu.plain_ip(network), lelu.plain_ip(other))

cidr_intersects(one, other) := net.cidr_intersects(lelu.plain_ip(one), lelu.plain_ip(other))

# There, (?<name>a) and \p{Letter} are no patterns, and a pattern ends at a NUL.
regex_match(pattern, text) := regex.match(lelu.regex(pattern), text)

regex_find(pattern, text, number) := regex.find_all_string_submatch_n(lelu.regex(pattern), text, number)

default regex_is_valid(_) := false

regex_is_valid(pattern) if regex.is_valid(lelu.regex(pattern))

# There, what is no base64 is skipped, padding is not asked for, and "" is no base64.
base64_decode(text) := decoded(base64_plain(text))

base64url_decode(text) := decoded(base64_plain(standard)) if {
	not regex.match(`[+/]`, text)
	standard := strings.replace_n({"-": "+", "_": "/"}, concat("", [text, padding(text)]))
}

default base64_is_valid(_) := false

base64_is_valid(text) if is_string(base64_plain(text))

base64_plain(text) := joined if {
	joined := strings.replace_n({"\r": "", "\n": ""}, text)
	regex.match(`^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$`, joined)
}

padding(text) := "" if endswith(text, "=")

padding(text) := ["", null, "==", "="][count(text) % 4] if not endswith(text, "=")

decoded(plain) := "" if plain == ""

decoded(plain) := base64.decode(plain) if plain != ""

# There, [1 2], {1: 2} and what follows a value are JSON, and an object has its members in any order.
json_unmarshal(text) := json.unmarshal(lelu.json_text(text))

default json_is_valid(_) := false

json_is_valid(text) if lelu.is_json(text)

json_marshal(value) := lelu.json_marshal(value) if not is_set(value)

json_marshal(value) := lelu.json_marshal(sort(value)) if is_set(value)

# There, +5 and 1_000 are no numbers, and - and 1e400 are.
number(value) := to_number(value) if not is_string(value)

number(value) := to_number(lelu.number_text(value)) if is_string(value)

# There, a number of more than 31 bits ends the evaluation, and one of more than 20 digits is cut.
format_number(number, base) := format_int(number, base) if abs(number) < 1048576

format_number(number, base) := sprintf({2: "%b", 8: "%o", 10: "%d", 16: "%x"}[base], [whole(number)]) if {
	abs(number) >= 1048576
}

whole(number) := floor(number) if number >= 0

whole(number) := ceil(number) if number < 0

# There, the texts of a set are in any order, an empty text is found at 0, and no objects have no union.
join(delimiter, texts) := concat(delimiter, texts) if not is_set(texts)

join(delimiter, texts) := concat(delimiter, sort(texts)) if is_set(texts)

index_of(text, part) := indexof(text, part) if part != ""

union_n(objects) := {} if objects == []

union_n(objects) := object.union_n(objects) if {
	is_array(objects)
	objects != []
}
