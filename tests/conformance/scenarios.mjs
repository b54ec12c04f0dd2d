// What the client does in each scenario of the official suite: written once, run by a page, a module worker and Node.
//
// `play` is given the package (`connect`, `CountersignError`), what the suite told the client (`url`, `scenario`,
// `context`) and how a person would sign in here (`redirectUri`, `authorize`). It throws when the client did not behave
// as the scenario means it to, also where the suite itself would not look.

/** The document that describes this client to authorization servers; the suite knows this address. */
const CLIENT_METADATA = "https://conformance-test.local/client-metadata.json";

/** Scenarios whose authorization server must not be trusted: the client stops before it has a token. */
const REFUSED = new Set([
  "auth/resource-mismatch",
  "auth/metadata-issuer-mismatch",
  "auth/iss-supported-missing",
  "auth/iss-wrong-issuer",
  "auth/iss-unexpected",
  "auth/iss-normalized",
]);

/**
 * How a client that nobody sits at gets its token. The suite does not tell which authorization server knows the client, so
 * it has to take the server's word for it.
 */
const MACHINE = {
  "auth/client-credentials-jwt": (context) => ({
    client: { id: context.client_id, privateKey: context.private_key_pem },
    grant: "client_credentials",
    trustNamedIssuer: true,
  }),
  "auth/client-credentials-basic": (context) => ({
    client: { id: context.client_id, secret: context.client_secret },
    grant: "client_credentials",
    trustNamedIssuer: true,
  }),
  "auth/enterprise-managed-authorization": (context) => ({
    client: { id: context.client_id, secret: context.client_secret },
    grant: {
      type: "enterprise",
      issuer: context.idp_issuer,
      tokenEndpoint: context.idp_token_endpoint,
      clientId: context.idp_client_id,
      idToken: context.idp_id_token,
    },
    trustNamedIssuer: true,
  }),
  "auth/wif-jwt-bearer": (context) => ({
    client: { id: context.client_id },
    grant: { type: "jwt_bearer", assertion: context.valid_jwt },
  }),
};

/** Whether a scenario needs a window to sign in with, which a worker has none of. */
export const needsWindow = (scenario) => scenario.startsWith("auth/") && !(scenario in MACHINE);

/** The answer of somebody who leaves every field of a form as the server filled it in. */
const asFilledIn = ({ schema }) => ({
  action: "accept",
  content: Object.fromEntries(Object.entries(schema?.properties ?? {}).flatMap(([name, field]) => ("default" in field ? [[name, field.default]] : []))),
});

const check = (truth, words) => {
  if (!truth) throw new Error(words);
};

const PLAYS = {
  "initialize": async (client) => {
    await client.listTools();
  },
  "tools_call": async (client) => {
    const tools = await client.listTools();
    check(tools.some((tool) => tool.name === "add_numbers"), "the tool is in the list");
    const result = await client.callTool("add_numbers", { a: 5, b: 3 });
    check(JSON.stringify(result.content).includes("8"), "the sum came back");
  },
  "elicitation-sep1034-client-defaults": async (client) => {
    await client.listTools();
    await client.callTool("test_client_elicitation_defaults", {});
  },
  "sse-retry": async (client) => {
    await client.listTools();
    const result = await client.callTool("test_reconnection", {});
    check(result.content.length > 0, "the result came on the second stream");
  },
  "request-metadata": async (client) => {
    await client.listTools();
    check(client.server.protocol === "2026-07-28", "the client did what the server's refusal named");
  },
  "sep-2322-client-request-state": async (client) => {
    for (const name of ["test_mrtr_echo_state", "test_mrtr_no_state", "test_mrtr_unrelated", "test_mrtr_no_result_type"]) {
      const result = await client.callTool(name, {});
      check(result.content[0].text.endsWith("-ok"), `${name} ended well`);
    }
  },
  "http-standard-headers": async (client) => {
    for (const tool of await client.listTools()) await client.callTool(tool.name, {});
    for (const resource of await client.listResources()) await client.readResource(resource.uri);
    for (const prompt of await client.listPrompts()) await client.getPrompt(prompt.name);
  },
  "http-custom-headers": async (client, { context }) => {
    await client.listTools();
    for (const call of context.toolCalls) await client.callTool(call.name, call.arguments);
  },
  "http-invalid-tool-headers": async (client) => {
    for (const tool of await client.listTools()) await client.callTool(tool.name, { region: "us-west1" });
  },
  "json-schema-ref-no-deref": async (client) => {
    const [tool] = await client.listTools();
    check(tool.inputSchema.properties.profile.$ref.startsWith("http"), "the reference is there, as received");
  },
  "json-schema-2020-12-preservation": async (client) => {
    const tool = (await client.listTools()).find((each) => each.name === "json_schema_2020_12_tool");
    await client.callTool("json_schema_echo", { schema: tool.inputSchema });
  },
};

/** What a client does that has to sign in first. */
const signedIn = async (client) => {
  await client.listTools();
  await client.callTool("test-tool", {});
};

/** Plays one scenario to its end. */
export async function play({ connect, CountersignError, url, scenario, context, redirectUri, authorize }) {
  const signIn = scenario.startsWith("auth/");
  if (!signIn && !(scenario in PLAYS)) throw new Error(`nobody wrote down what a client does in \`${scenario}\``);
  const auth = signIn ? { redirectUri, authorize, clientName: "Conformance", ...asked(scenario, context) } : undefined;
  const options = { name: "countersign-conformance", version: "1.0.0", elicit: asFilledIn, auth };
  const steps = async () => {
    const client = await connect(url, options);
    try {
      await (signIn ? signedIn : PLAYS[scenario])(client, { context });
    } finally {
      await client.close();
    }
  };
  if (REFUSED.has(scenario) || scenario === "auth/scope-retry-limit") {
    const error = await steps().then(() => undefined, (error) => error);
    check(error !== undefined, "the client went on with an authorization server it must not trust");
    check(CountersignError.is(error) && error.code === "sign-in", `the client stopped for another reason: ${error.code} ${error.message}`);
  } else {
    await steps();
  }
}

function asked(scenario, context) {
  if (scenario in MACHINE) return MACHINE[scenario](context);
  if (scenario === "auth/pre-registration") {
    return { client: { id: context.client_id, secret: context.client_secret, issuer: context.issuer } };
  }
  if (scenario === "auth/basic-cimd") return { clientMetadataUrl: CLIENT_METADATA };
  return scenario.startsWith("auth/dpop") ? { dpop: true } : {};
}
