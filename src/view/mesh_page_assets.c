/* The style and the script of the page, and the policy that lets a browser take these and nothing
 * else. Without the script all is there; the whole page is fetched anew then. */
#include "view/mesh_page_parts.h"

/* What the inks are to HTML: variables, and classes for the shapes. */
static void write_inks(struct buffer *out, uint32_t (*color_of)(const struct ink_row *))
{
	buffer_append_text(out, ":root{");
	for (int i = 0; i < INK_COUNT; i++)
		buffer_append_format(out, "--%s:#%06x;", ink_table[i].name,
				     color_of(&ink_table[i]));
	buffer_append_text(out, "}\n");
}

static uint32_t light(const struct ink_row *ink)
{
	return ink->light;
}

static uint32_t dark(const struct ink_row *ink)
{
	return ink->dark;
}

static const char style_base[] =
	"*{box-sizing:border-box}\n"
	"body{margin:0 auto;padding:10px 16px 24px;max-width:1280px;background:var(--paper);"
	"color:var(--text);font:13px/1.4 'DejaVu Sans',Verdana,sans-serif}\n"
	"a{color:inherit;text-decoration-color:var(--frame)}a:focus-visible{outline:2px solid "
	"var(--good)}\n"
	"h1{font-size:19px;margin:2px 8px 2px 0;display:inline-block}\n"
	"h2{font-size:14px;margin:14px 0 3px}\n"
	"h2 .more{font-size:11px;font-weight:normal;color:var(--muted)}\n"
	"p{margin:2px 0}ol,ul{list-style:none;margin:0;padding:0}\n"
	"li{padding:2px 0;overflow-wrap:anywhere}\n"
	".who span,.line,.since,.note,time,.th,i{color:var(--muted)}\n"
	".who b{font-size:15px}.now{float:right}.now time{font-variant-numeric:tabular-nums}\n"
	".counts{display:inline-block}\n"
	".alarm,.line.alarm{color:var(--alarm)}\n"
	".blame,.kind{border:1px solid var(--frame);border-radius:3px;padding:0 4px;font-size:11px;"
	"font-weight:normal}\n"
	"#old{position:sticky;top:0;z-index:2;margin:0 0 6px;padding:6px 10px;"
	"background:var(--bad);color:#1b1f23;font-weight:bold}\n"
	"nav{margin:8px 0 4px}nav a{display:inline-block;padding:1px 8px;border:1px solid "
	"var(--frame);border-radius:10px;text-decoration:none;margin-right:2px}\n"
	"nav a[aria-current]{background:var(--text);color:var(--paper);border-color:var(--text)}\n"
	"nav span{margin-left:10px;color:var(--muted)}\n"
	".findings li{padding-left:24px;position:relative}\n"
	".findings .mark{position:absolute;left:0;top:2px}\n"
	/* Marks, and the same colours in pictures. */
	".mark{display:inline-block;width:17px;height:17px;line-height:17px;border-radius:3px;"
	"text-align:center;font-size:11px;color:#1b1f23}\n"
	".b-ok{background:var(--calm);color:var(--good);border-radius:9px}"
	".b-unknown{background:var(--quiet);color:var(--muted)}\n"
	".b-leaving{background:var(--never)}.b-agent{background:var(--away)}"
	".b-reduced{background:var(--connect)}.b-slow{background:var(--resolve)}\n"
	".b-loss{background:var(--silent)}.b-service{background:var(--send);color:var(--paper)}"
	".b-hole{background:var(--bad)}\n"
	".b-refused{background:var(--transfer)}.b-silent{background:var(--text);color:"
	"var(--paper)}\n"
	"svg{display:block;font:10px 'DejaVu Sans',Verdana,sans-serif}\n"
	"text{fill:var(--text)}.q{fill:var(--muted)}.w{fill:var(--paper)}.k{fill:#1b1f23}"
	".g{fill:var(--good)}\n"
	".v-ok{fill:var(--calm)}.v-unknown{fill:var(--quiet)}.v-leaving{fill:var(--never)}"
	".v-agent{fill:var(--away)}.v-reduced{fill:var(--connect)}\n"
	".v-slow{fill:var(--resolve)}.v-loss{fill:var(--silent)}.v-service{fill:var(--send)}"
	".v-hole{fill:var(--bad)}.v-refused{fill:var(--transfer)}.v-silent{fill:var(--text)}\n"
	/* Steps from little to much: each darker on light paper, lighter on dark. */
	".n-0{fill:var(--calm)}.n-1{fill:#9ecae1}.n-2{fill:#f0e442}.n-3{fill:#e69f00}"
	".n-4{fill:#d55e00}.n-5{fill:var(--text)}\n"
	".hatch{stroke:var(--frame);stroke-width:1}.self{fill:var(--quiet)}.own{font-weight:bold}"
	".grid{stroke:var(--grid);fill:none}.rtt{stroke:var(--good);fill:none;stroke-width:1.3}\n"
	".zone{stroke:var(--muted);stroke-width:1.5;fill:none}"
	".chosen{fill:none;stroke:var(--text);stroke-width:1.5}\n"
	".part{stroke:var(--paper);stroke-width:1}.z{fill:transparent}.much{fill:var(--alarm)}\n"
	".k,.grid-all .q,.grid-all .w{text-anchor:middle}.grid-all a .q{text-anchor:end}\n"
	"svg a{text-decoration:none}svg a:hover text{text-decoration:underline}\n";

static const char style_tables[] =
	"table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}\n"
	".facts{width:auto}\n"
	"th,td{padding:3px 12px 3px 0;text-align:right;vertical-align:middle;font-weight:normal;"
	"white-space:nowrap}\n"
	"thead th{position:sticky;top:0;background:var(--paper);color:var(--muted);"
	"box-shadow:0 1px 0 var(--frame);font-size:11px;z-index:1}\n"
	"tbody tr{border-bottom:1px solid var(--grid)}\n"
	".t{text-align:left}.why{white-space:normal;overflow-wrap:anywhere;min-width:180px;"
	"padding-right:0}\n"
	"td b.much{color:var(--alarm)}\n"
	".spark{width:240px;height:24px}.list .why{width:45%}.big{width:100%;height:auto;max-width:1000px}\n"
	".scroll{overflow-x:auto}"
	/* Scrolled to its end to begin with: what is newest. */
	".late{direction:rtl}.late svg{direction:ltr}\n"
	".columns{display:flex;flex-wrap:wrap;gap:4px 26px}.columns section{max-width:100%}\n"
	".legend{display:flex;flex-wrap:wrap;gap:2px 14px;color:var(--muted);font-size:11px;"
	"margin:2px 0 4px}.legend .mark{width:15px;height:15px;line-height:15px}\n"
	".legend svg{display:inline-block;vertical-align:-3px;margin-right:3px}\n"
	"@media (max-width:760px){\n"
	"body{padding:8px 10px 20px}.now{float:none}h1{display:block}\n"
	"nav a{padding:5px 10px;margin-bottom:4px}\n"
	".list thead{display:none}.list,.list tbody{display:block}\n"
	".list tr{display:grid;grid-template-columns:24px 1fr auto auto;gap:0 10px;padding:5px 0;"
	"align-items:center}\n"
	".list td,.list th{padding:1px 0;border:0;white-space:normal;text-align:left}\n"
	".list .p{grid-column:2/3}.list .h{grid-column:3/5;grid-row:1}"
	".list .why{grid-column:2/-1;width:auto}\n"
	".list .l{grid-column:2}.list td[data-h]::before{content:attr(data-h) ' ';"
	"color:var(--muted);font-size:11px}\n"
	".list .why:empty{display:none}"
	".grid-all{max-width:760px;height:auto}.big{min-width:680px}\n"
	".spark{width:150px;height:20px;margin-left:auto}.facts th,.facts td{padding-right:8px}\n"
	"}\n"
	"@media print{body{max-width:none}nav{display:none}tr{break-inside:avoid}}\n";

void mesh_page_write_style(struct buffer *out)
{
	buffer_append_text(out, "\n");
	write_inks(out, light);
	buffer_append_text(out, "@media screen and (prefers-color-scheme:dark){\n");
	write_inks(out, dark);
	buffer_append_text(out, "}\n");
	buffer_append_text(out, style_base);
	buffer_append_text(out, style_tables);
}

/* Nothing is replaced while somebody marks text, nor while nobody looks; what is scrolled stays
 * where it is. If no answer comes the page says that it is old: a picture of a mesh that was well
 * must never be taken for one that is. */
const char mesh_page_script[] =
	"\n'use strict';\n"
	"const every=Number(document.body.dataset.refresh)*1000,\n"
	" main=document.querySelector('main'),old=document.getElementById('old');\n"
	"let asked=Date.now(),fresh=Date.now();\n"
	"function tell(){\n"
	" const head=main.querySelector('header');\n"
	" document.title=head.dataset.title;\n"
	" document.getElementById('icon').href=head.dataset.icon;\n"
	"}\n"
	"function replace(text){\n"
	" const kept=Array.from(main.querySelectorAll('.scroll'),function(e){"
	"return [e.scrollLeft,e.scrollTop]});\n"
	" const focus=document.activeElement&&document.activeElement.getAttribute('href');\n"
	" main.innerHTML=text;\n"
	" main.querySelectorAll('.scroll').forEach(function(e,i){"
	"if(kept[i]){e.scrollLeft=kept[i][0];e.scrollTop=kept[i][1]}});\n"
	" if(focus)for(const link of main.querySelectorAll('a'))"
	"if(link.getAttribute('href')===focus){link.focus({preventScroll:true});break}\n"
	" tell();\n"
	"}\n"
	"async function refresh(){\n"
	" asked=Date.now();\n"
	" try{\n"
	"  const answer=await fetch('/page-body'+location.search,{cache:'no-store',"
	"signal:AbortSignal.timeout(every+5000)});\n"
	"  if(!answer.ok)throw new Error('HTTP status '+answer.status);\n"
	"  const text=await answer.text();\n"
	"  if(document.getSelection().isCollapsed)replace(text);\n"
	"  fresh=Date.now();\n"
	"  old.hidden=true;\n"
	" }catch(error){\n"
	"  old.textContent='Old: no answer since '+new Date(fresh).toISOString().slice(11,19)+"
	"' UTC ('+error.message+')';\n"
	"  old.hidden=false;\n"
	"  document.title='old - '+main.querySelector('header').dataset.title;\n"
	" }\n"
	"}\n"
	"async function wait(){\n"
	" if(!document.hidden&&Date.now()-asked>=every)await refresh();\n"
	" setTimeout(wait,Math.max(250,asked+every-Date.now()));\n"
	"}\n"
	"if(every>0){\n"
	" setTimeout(wait,every);\n"
	" document.addEventListener('visibilitychange',function(){"
	"if(!document.hidden&&Date.now()-asked>=every)refresh()});\n"
	"}\n";

/* SHA-256 of the two, which tests/unit/test_mesh_page.c computes anew. */
const char *mesh_page_policy(void)
{
	return "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; "
	       "form-action 'self'; "
	       "style-src 'sha256-AriEgHxhMqyfT8sWgfL3Tf1CAthBi3BPPYdkIzdZKiA='; "
	       "script-src 'sha256-ZGvgI99DWyzCzKHntRoVatjW8sErjQjVsdklqbsBn9E='";
}
