import { byteStream, type OpenFile } from '../fs/read.ts';
import { byteRange } from './byte-range.ts';

/** Answers a request for a file: whole, a part of it, or that the client has it already. Takes over the file's handle. */
export async function fileResponse(file: OpenFile, request: Request): Promise<Response> {
  const { handle, size, etag } = file;
  const headers = { etag, 'accept-ranges': 'bytes', 'cache-control': 'no-cache' };
  const closed = async (status: number, more: Record<string, string> = {}): Promise<Response> => {
    await handle.close();
    return new Response(null, { status, headers: { ...headers, ...more } });
  };
  if (names(request.headers.get('if-none-match'), etag)) return closed(304);
  const range = rangeOf(request, file);
  if (range.kind === 'none') return closed(416, { 'content-range': `bytes */${size}` });
  const { start, end } = range.kind === 'part' ? range : { start: 0, end: size };
  const status = range.kind === 'part' ? 206 : 200;
  const described = {
    'content-type': 'application/octet-stream',
    'content-length': String(end - start),
    ...(range.kind === 'part' ? { 'content-range': `bytes ${start}-${end - 1}/${size}` } : {}),
  };
  if (request.method === 'HEAD' || start === end) return closed(status, described);
  return new Response(byteStream(handle, start, end), { status, headers: { ...headers, ...described } });
}

/** A part of a file that has changed since is of no use to who has the other parts: then it is sent whole. */
function rangeOf(request: Request, { size, etag }: OpenFile): ReturnType<typeof byteRange> {
  const unchanged = request.headers.get('if-range') ?? etag;
  return unchanged === etag ? byteRange(request.headers.get('range') ?? undefined, size) : { kind: 'whole' };
}

function names(header: string | null, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
