package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/templates/library"
)

// command runs a command line in this process.
func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var c cli
	var out bytes.Buffer
	var ctx context.Context = t.Context()
	k, err := kong.New(&c, options(ctx, &out)...)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := k.Parse(args)
	if err != nil {
		return "", err
	}
	err = parsed.Run()
	return out.String(), err
}

func succeed(t *testing.T, args ...string) string {
	t.Helper()
	out, err := command(t, args...)
	if err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return out
}

func failing(t *testing.T, want string, args ...string) string {
	t.Helper()
	out, err := command(t, args...)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("%q: got %v, want an error with %q", args, err, want)
	}
	return out
}

// shipped copies a shipped file into a folder, with replacements.
func shipped(t *testing.T, dir, name string, replace ...string) string {
	t.Helper()
	text, err := library.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, dir, name, strings.NewReplacer(replace...).Replace(string(text)))
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTemplateBuild compiles the shipped sources as they were compiled.
func TestTemplateBuild(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	names, err := fs.Glob(library.Files, "*.oet")
	if err != nil || len(names) == 0 {
		t.Fatal(err)
	}
	args := []string{"template", "build"}
	var want string
	for _, name := range names {
		path := shipped(t, dir, name)
		args = append(args, path)
		want += strings.TrimSuffix(path, ".oet") + ".opt\n"
	}
	if diff := cmp.Diff(want, succeed(t, args...)); diff != "" {
		t.Error(diff)
	}
	for _, name := range names {
		name = strings.TrimSuffix(name, ".oet") + ".opt"
		built, err := library.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(built), read(t, filepath.Join(dir, name))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestTemplateBuildArchetypes takes archetypes of a folder before the shipped
// ones, and from a folder that comes earlier first.
func TestTemplateBuildArchetypes(t *testing.T) {
	t.Parallel()
	const id = "openEHR-EHR-OBSERVATION.pulse.v2"
	text, err := fs.ReadFile(archetypes.LibraryFiles(), "library/"+id+".adl")
	if err != nil {
		t.Fatal(err)
	}
	first, second, out := t.TempDir(), t.TempDir(), t.TempDir()
	source := shipped(t, first, "Cairn - Vital signs.v1.oet")
	for dir, name := range map[string]string{first: "Pulse first", second: "Pulse second"} {
		if err := os.Mkdir(filepath.Join(dir, "deeper"), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, dir, filepath.Join("deeper", "any.adl"), strings.Replace(string(text), `["at0000"] = <
					text = <"`, `["at0000"] = <
					text = <"`+name+" ", 1))
	}
	path := strings.TrimSpace(succeed(t, "template", "build", "-a", first, "--archetypes", second, "--out", out, source))
	if want := filepath.Join(out, "Cairn - Vital signs.v1.opt"); path != want {
		t.Errorf("written to %s, not %s", path, want)
	}
	if opt := read(t, path); !strings.Contains(opt, "Pulse first") || strings.Contains(opt, "Pulse second") {
		t.Error("the archetype of the first folder was not taken")
	}
}

// TestTemplateBuildFaults: nothing is written unless every source compiles, and
// each fault has its file.
func TestTemplateBuildFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := shipped(t, dir, "Cairn - Vital signs.v1.oet")
	bad := shipped(t, dir, "Cairn - Problem list.v1.oet", "EVALUATION.absence.v2", "EVALUATION.nowhere.v7", "items[at0071]", "items[at9999]")
	failing(t, bad+": line ", "template", "build", good, bad)
	failing(t, "openEHR-EHR-EVALUATION.nowhere.v7", "template", "build", good, bad)
	failing(t, "at9999", "template", "build", good, bad)
	if left, err := filepath.Glob(filepath.Join(dir, "*.opt")); err != nil || len(left) > 0 {
		t.Errorf("written: %v %v", left, err)
	}
	failing(t, "no-such.oet", "template", "build", filepath.Join(dir, "no-such.oet"))
	failing(t, "no-such", "template", "build", good, "--archetypes", filepath.Join(dir, "no-such"))
	failing(t, "no-such", "template", "build", good, "--embed", filepath.Join(dir, "no-such"))
	failing(t, "would both be written", "template", "build", good, good)
	broken := t.TempDir()
	write(t, broken, "x.adl", "archetype nonsense")
	failing(t, filepath.Join(broken)+": x.adl: ", "template", "build", good, "-a", broken)
}

// oetSource is a template source of one archetype.
func oetSource(name, class, archetype, inside string) string {
	return `<template xmlns="openEHR/v1/Template" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><id>` + name + `</id><name>` + name +
		`</name><definition xsi:type="` + class + `" archetype_id="` + archetype + `">` + inside + `</definition></template>`
}

// TestTemplateBuildEmbedded: a source embeds another that is compiled with it,
// or one from a folder.
func TestTemplateBuildEmbedded(t *testing.T) {
	t.Parallel()
	dir, parts := t.TempDir(), t.TempDir()
	const pulse = "openEHR-EHR-OBSERVATION.pulse.v2"
	whole := write(t, dir, "whole.oet", oetSource("Whole", "COMPOSITION", "openEHR-EHR-COMPOSITION.encounter.v1",
		`<Content xsi:type="OBSERVATION" archetype_id="`+pulse+`" template_id="Part" path="/content"/>`))
	part := write(t, parts, "any name.oet", oetSource("Part", "OBSERVATION", pulse, `<Rule path="/protocol[at0010]/items[at1013]" max="0"/>`))
	failing(t, whole+": line 1: embedded template Part: it is neither among the sources nor in a folder", "template", "build", whole)

	succeed(t, "template", "build", "--embed", parts, whole)
	embedded := read(t, filepath.Join(dir, "whole.opt"))
	if !strings.Contains(embedded, ">Part<") {
		t.Errorf("nothing of the part is in the whole: %s", embedded)
	}
	succeed(t, "template", "build", whole, part)
	if diff := cmp.Diff(embedded, read(t, filepath.Join(dir, "whole.opt"))); diff != "" {
		t.Errorf("compiled together: %s", diff)
	}
	write(t, parts, "other.oet", read(t, part))
	failing(t, `there is another template named "Part"`, "template", "build", "--embed", parts, whole)
}

// TestTemplateExampleCheck checks each example, in either format, and one with
// faults.
func TestTemplateExampleCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	opt := shipped(t, dir, "Cairn - Vital signs.v1.opt")
	var files []string
	for _, detail := range []string{"required", "medium", "complete"} {
		for _, format := range []string{"json", "xml"} {
			text := succeed(t, "template", "example", opt, "--detail", detail, "--format", format)
			files = append(files, write(t, dir, detail+"."+format, text))
		}
	}
	if out := succeed(t, append([]string{"template", "check", opt}, files...)...); out != "" {
		t.Errorf("problems of examples:\n%s", out)
	}
	if got, want := succeed(t, "template", "example", opt), read(t, files[0]); got != want {
		t.Errorf("the default is not required: %s", got)
	}

	medium := read(t, filepath.Join(dir, "medium.json"))
	wrong := write(t, dir, "wrong.json", strings.NewReplacer(`"mm[Hg]"`, `"bar"`, `"/min"`, `"furlongs"`).Replace(medium))
	out := failing(t, "1 of 2 not valid", "template", "check", opt, files[2], wrong)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) < 2 {
		t.Errorf("one line for each problem, got %q", out)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, wrong+": error tpl.quantity.units /content[") ||
			!strings.Contains(line, `"bar"`) && !strings.Contains(line, `"furlongs"`) {
			t.Errorf("line %q", line)
		}
	}

	torn := write(t, dir, "torn.json", medium[:len(medium)/2])
	if out := failing(t, "1 of 1 not valid", "template", "check", opt, torn); !strings.Contains(out, torn+": error json.syntax /content[") {
		t.Errorf("got %q", out)
	}
	failing(t, "no-such.json", "template", "check", opt, filepath.Join(dir, "no-such.json"))
	failing(t, "detail", "template", "example", opt, "--detail", "most")
}

// TestTemplateCheckIncomplete: what an incomplete composition may lack.
func TestTemplateCheckIncomplete(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	opt := shipped(t, dir, "Cairn - Vital signs.v1.opt")
	var composition map[string]any
	if err := json.Unmarshal([]byte(succeed(t, "template", "example", opt)), &composition); err != nil {
		t.Fatal(err)
	}
	delete(composition, "composer")
	text, err := json.Marshal(composition)
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, dir, "draft.json", string(text))
	if out := failing(t, "1 of 1", "template", "check", opt, path); !strings.Contains(out, "composer") {
		t.Errorf("got %q", out)
	}
	succeed(t, "template", "check", "--incomplete", opt, path)
}

func TestTemplateWebtemplate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var wt struct {
		TemplateID, Version string
		Tree                struct{ RMType string }
	}
	if err := json.Unmarshal([]byte(succeed(t, "template", "webtemplate", shipped(t, dir, "Cairn - Vital signs.v1.opt"))), &wt); err != nil {
		t.Fatal(err)
	}
	if wt.TemplateID != "Cairn - Vital signs.v1" || wt.Version != "2.3" || wt.Tree.RMType != "COMPOSITION" {
		t.Errorf("got %+v", wt)
	}
}

// TestTemplateUnreadable: what is no template is refused with each reason.
func TestTemplateUnreadable(t *testing.T) {
	t.Parallel()
	path := write(t, t.TempDir(), "x.opt", "<template>")
	for _, args := range [][]string{{"example", path}, {"webtemplate", path}, {"check", path, path}} {
		failing(t, path+": error opt.xml ", append([]string{"template"}, args...)...)
	}
}

// TestTemplateLint prints one finding a line or JSON, and fails as asked.
func TestTemplateLint(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	clean := shipped(t, dir, "Cairn - Vital signs.v1.opt")
	if out := succeed(t, "template", "lint", clean, shipped(t, dir, "Cairn - Vital signs.v1.oet")); out != "" {
		t.Errorf("findings on a shipped template: %s", out)
	}
	wrong := shipped(t, dir, "Cairn - Problem list.v1.opt", ">DV_TEXT<", ">DV_NOTHING<")
	out := failing(t, "1 of 2 not clean", "template", "lint", clean, wrong)
	if !strings.HasPrefix(out, wrong+": error opt.type /template/definition") {
		t.Errorf("got %q", out)
	}
	units := write(t, dir, "units.opt", strings.ReplaceAll(read(t, clean), "mm[Hg]", "mmHg"))
	if out := succeed(t, "template", "lint", units); !strings.Contains(out, " warning lint.units.ucum /content[") || !strings.HasPrefix(out, units+":") {
		t.Errorf("got %q", out)
	}
	failing(t, "1 of 1 not clean", "template", "lint", "--fail-on", "warning", units)
	out = succeed(t, "template", "lint", "--fail-on", "never", "--format", "json", wrong, units)
	var list struct {
		Findings []struct {
			File, Code, Severity, Path, Message string
			Line                                int
		}
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list.Findings) < 2 {
		t.Fatalf("%v in %s", err, out)
	}
	if f := list.Findings[len(list.Findings)-1]; f.File != units || f.Code != "lint.units.ucum" || f.Severity != "warning" || f.Line == 0 || f.Message == "" {
		t.Errorf("got %+v", f)
	}
	if out := succeed(t, "template", "lint", "--translations", "fr", clean); !strings.Contains(out, "lint.term.translation") {
		t.Errorf("got %q", out)
	}
	failing(t, "no-such.opt", "template", "lint", filepath.Join(dir, "no-such.opt"))
}

// TestTemplateDiff: the exit code says whether stored data survive.
func TestTemplateDiff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	opt, src := shipped(t, dir, "Cairn - Vital signs.v1.opt"), shipped(t, dir, "Cairn - Vital signs.v1.oet")
	if out := succeed(t, "template", "diff", opt, src); out != "" {
		t.Errorf("a source and what it compiles to differ: %s", out)
	}
	code := func(want int, args ...string) string {
		t.Helper()
		out, err := command(t, append([]string{"template", "diff"}, args...)...)
		got := 0
		if err != nil {
			got = exitCode(err)
		}
		if got != want {
			t.Fatalf("exit code %d, want %d: %v\n%s", got, want, err, out)
		}
		return out
	}
	reworded := write(t, dir, "reworded.opt", strings.ReplaceAll(read(t, opt), ">Pulse", ">The pulse"))
	if out := code(0, opt, reworded); !strings.HasPrefix(out, "compatible text /content[") {
		t.Errorf("got %q", out)
	}
	narrowed := write(t, dir, "narrowed.opt", strings.ReplaceAll(read(t, opt), "<units>mm[Hg]</units>", "<units>kPa</units>"))
	if out := code(1, opt, narrowed); !strings.Contains(out, "breaking units /content[") || !strings.Contains(out, `the unit "mm[Hg]" is not allowed any more`) {
		t.Errorf("got %q", out)
	}
	var result struct {
		Breaking bool
		Changes  []struct {
			Kind, Path, Old, New, Reason string
			Breaking                     bool
		}
	}
	if err := json.Unmarshal([]byte(code(1, "--format", "json", opt, narrowed)), &result); err != nil {
		t.Fatal(err)
	}
	if !result.Breaking || len(result.Changes) == 0 || result.Changes[0].Kind != "units" || result.Changes[0].Old == result.Changes[0].New {
		t.Errorf("got %+v", result)
	}
	renamed := write(t, dir, "renamed.opt", strings.Replace(read(t, opt), "<value>Cairn - Vital signs.v1<", "<value>Cairn - Vital signs.v2<", 1))
	code(1, opt, renamed)
	code(0, "--ignore-id", opt, renamed)
	code(2, opt, filepath.Join(dir, "no-such.opt"))
	code(2, opt, write(t, dir, "torn.opt", "<template"))
	code(2, src, write(t, dir, "torn.oet", "<template"))
}
