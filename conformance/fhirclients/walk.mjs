// Walks the FHIR API with the client library fhirclient, as a partner would.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const [, , dir, serverUrl, ...patients] = process.argv;
const smart = createRequire(dir + '/')('fhirclient');
const client = smart({ url: '/', headers: {} }, {}, {}).client({ serverUrl });

const capabilities = await client.request('metadata');
assert.equal(capabilities.fhirVersion, '4.0.1');

let read = 0;
for (const id of patients) {
  const patient = await client.request(`Patient/${id}`);
  assert.equal(patient.resourceType, 'Patient');
  assert.equal(patient.id, id);

  // Pages of five hold the same as one large page, each resource once.
  const ids = (bundle) => (bundle.entry ?? []).filter((e) => e.search.mode === 'match').map((e) => e.resource.id);
  const paged = [];
  let pages = 0;
  await client.request(`Observation?patient=${id}&_count=5`, {
    pageLimit: 0,
    onPage(bundle) { pages++; paged.push(...ids(bundle)); },
  });
  const whole = ids(await client.request(`Observation?patient=${id}&_count=1000`));
  assert.ok(whole.length > 5 && pages > 1, `${whole.length} observations on ${pages} pages`);
  assert.deepEqual([...paged].sort(), [...whole].sort());
  assert.equal(new Set(paged).size, paged.length);

  for (const one of whole.slice(0, 5)) {
    const observation = await client.request(`Observation/${one}`);
    assert.equal(observation.subject.reference, `Patient/${id}`);
    assert.deepEqual(await client.request(`Observation/${one}/_history/${observation.meta.versionId}`), observation);
    read++;
  }
  const everything = await client.request(`Patient/${id}/$everything`, { pageLimit: 0, flat: true });
  assert.ok(everything.some((r) => r.resourceType === 'Patient' && r.id === id));
  const all = new Set(everything.map((r) => `${r.resourceType}/${r.id}`));
  for (const one of whole) assert.ok(all.has(`Observation/${one}`), `$everything lacks Observation/${one}`);
  const summary = await client.request(`Patient/${id}/$summary`);
  assert.equal(summary.type, 'document');
  assert.equal(summary.entry[0].resource.resourceType, 'Composition');
}

// What is wrong is refused with a status that the library turns into an error.
for (const [url, status] of [
  ['Patient/no-such-patient', 404],
  ['NoSuchType/1', 404],
  [`Observation?patient=${patients[0]}&colour=red`, 400],
  [`Observation?patient=${patients[0]}&date=yesterday`, 400],
]) {
  await assert.rejects(client.request(url), (e) => { assert.equal(e.statusCode ?? e.status, status, url); return true; });
}
console.log(`${patients.length} patients and ${read} observations were read`);
