// An edge function for Netlify: sends from a thing to the document that Accept asks for, and says the types of documents.
const PREFIX = {{ prefix | tojson }};
const ACCEPTS = [
{% for pattern, suffix in accepts %}
  [new RegExp({{ pattern | tojson }}, "i"), {{ suffix | tojson }}],
{% endfor %}
];
const TYPES = {
{% for media_type, suffixes in types.items() %}{% for suffix in suffixes %}
  {{ suffix | tojson }}: {{ (media_type ~ "; charset=utf-8" if media_type in texts else media_type) | tojson }},
{% endfor %}{% endfor %}
};
const NAMES = {
{% for name, content_type in names %}
  {{ name | tojson }}: {{ content_type | tojson }},
{% endfor %}
};

export default async (request, context) => {
  const url = new URL(request.url);
  const suffix = /\.([a-z][a-z0-9]*)$/.exec(url.pathname);
  const named = NAMES[decodeURIComponent(url.pathname.split("/").pop())];
  if (named || suffix || url.pathname.endsWith("/") || !url.pathname.startsWith(PREFIX + "/")) {
    const reply = await context.next();
    const type = named || (suffix && TYPES[suffix[1]]);
    if (type && reply.ok) reply.headers.set("Content-Type", type);
    return reply;
  }
  const accept = request.headers.get("Accept") || "";
  const wanted = ACCEPTS.filter(([pattern]) => pattern.test(accept)).map(([, found]) => found);
  for (const found of [...wanted, ".html", ".ttl"]) {
    const place = new URL(url.pathname + found, url);
    const reply = await context.next(new Request(place, { method: "HEAD" }));
    if (reply.ok) {
      return new Response(null, { status: 303, headers: {
        Location: url.pathname + found + url.search, Vary: "Accept", "Access-Control-Allow-Origin": "*",
      } });
    }
  }
  return context.next();
};
