#!/bin/sh
# Generates the Go lexer and parser of AQL from AqlLexer.g4 and AqlParser.g4
# into this directory, or into the directory given as the only argument.
#
# Needs java 11 or later and either $ANTLR_JAR, the complete jar of ANTLR
# 4.13.1, or npm, by which the jar inside antlr4ng-cli 2.0.0 is fetched once
# and kept in the user's cache directory.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
sha256=156a885bdaf847601d4b0350185dfaa5c4aee36c9a9c4c1632c31b0381360d39

jar=${ANTLR_JAR:-}
if [ -z "$jar" ]; then
	cache=${XDG_CACHE_HOME:-$HOME/.cache}/cairn
	jar=$cache/antlr4-4.13.1.jar
	if [ ! -f "$jar" ]; then
		mkdir -p "$cache"
		fetch=$(mktemp -d "$cache/fetch.XXXXXX")
		trap 'rm -rf "$fetch"' EXIT
		(cd "$fetch" && npm pack --silent antlr4ng-cli@2.0.0 >/dev/null && tar -xzf antlr4ng-cli-2.0.0.tgz)
		echo "$sha256  $fetch/package/antlr4-4.13.2-SNAPSHOT-complete.jar" | sha256sum -c - >/dev/null
		mv "$fetch/package/antlr4-4.13.2-SNAPSHOT-complete.jar" "$jar"
	fi
fi

work=$(mktemp -d)
trap 'rm -rf "$work" ${fetch:+"$fetch"}' EXIT
cp "$here/AqlLexer.g4" "$here/AqlParser.g4" "$work"
cd "$work"
java -jar "$jar" -Dlanguage=Go -no-visitor -no-listener -Xexact-output-dir -package gen -o "$work/out" AqlLexer.g4
java -jar "$jar" -Dlanguage=Go -no-visitor -no-listener -Xexact-output-dir -package gen -lib "$work/out" -o "$work/out" AqlParser.g4
gofmt -w "$work"/out/*.go
cp "$work"/out/aql_lexer.go "$work"/out/aql_parser.go "$out"
