"""Takes HTTP GETs of WSDL and their answers out of a capture: sequence and acknowledgement numbers close the gap."""
import struct,sys,collections
src,dst=sys.argv[1:3]
d=open(src,'rb').read(); magic=struct.unpack('<I',d[:4])[0]; assert magic in(0xa1b2c3d4,0xa1b23c4d)
frames=[];p=24
while p<len(d):
    h=d[p:p+16]; n=struct.unpack('<I',h[8:12])[0]; frames.append((h[:8],bytearray(d[p+16:p+16+n]))); p+=16+n
def tcp(f):
    if f[12:14]!=b'\x08\x00' or f[23]!=6: return None
    ihl=(f[14]&15)*4; t=14+ihl; tl=struct.unpack('>H',f[16:18])[0]; off=(f[t+12]>>4)*4
    s,dp,seq,ack=struct.unpack('>HHII',f[t:t+12]); pay=t+off; end=14+tl
    return t,(bytes(f[26:30]),s),(bytes(f[30:34]),dp),seq,ack,f[t+13],pay,end
isn={}; streams=collections.defaultdict(dict)
for h,f in frames:
    x=tcp(f)
    if not x: continue
    t,a,b,seq,ack,fl,pay,end=x
    if fl&2: isn[(a,b)]=seq
    if (a,b) in isn and end>pay: streams[(a,b)][(seq-isn[(a,b)]-1)&0xffffffff]=bytes(f[pay:end])
def whole(k):
    out=bytearray()
    for o in sorted(streams[k]):
        x=streams[k][o]
        assert o<=len(out),(k,o,len(out))
        out[o:o+len(x)]=x
    return bytes(out)
def messages(s):
    out=[];p=0
    while p<len(s):
        e=s.find(b'\r\n\r\n',p)
        if e<0: break
        head=s[p:e].lower(); e+=4; n=0
        import re
        m=re.search(rb'content-length:\s*(\d+)',head)
        if m: n=int(m.group(1)); q=e+n
        elif b'chunked' in head:
            q=e
            while True:
                le=s.find(b'\r\n',q); k=int(s[q:le].split(b';')[0],16); q=le+2+k+2
                if k==0: break
        else: q=e
        out.append((p,q,s[p:e])); p=q
    return out
cuts={}
for k in list(streams):
    s=whole(k); r=(k[1],k[0])
    if not s.startswith((b'POST',b'GET')) or r not in streams: continue
    try: req=messages(s); res=messages(whole(r))
    except Exception as e: print('skip',k,e); continue
    for i,(p,q,h) in enumerate(req):
        if b'?wsdl' in h.split(b'\r\n')[0].lower() and i<len(res):
            cuts.setdefault(k,[]).append((p,q)); cuts.setdefault(r,[]).append((res[i][0],res[i][1]))
def shift(k,o): return sum(min(max(o-p,0),q-p) for p,q in cuts.get(k,[]))
def csum(b):
    if len(b)&1: b=b+b'\0'
    s=sum(struct.unpack('>%dH'%(len(b)//2),b))
    while s>>16: s=(s&0xffff)+(s>>16)
    return ~s&0xffff
out=bytearray(d[:24]); dropped=0
for h,f in frames:
    x=tcp(f)
    if x:
        t,a,b,seq,ack,fl,pay,end=x; k=(a,b); r=(b,a)
        if k in cuts or r in cuts:
            body=bytes(f[pay:end]); o=(seq-isn[k]-1)&0xffffffff
            if o>0x7fffffff: o=0;syn=True
            else: syn=False
            keep=bytearray()
            if body:
                for i in range(len(body)):
                    if not any(p<=o+i<q for p,q in cuts.get(k,[])): keep.append(body[i])
                if not keep: dropped+=1; continue
            elif not fl&7:
                ao=(ack-isn[r]-1)&0xffffffff
                if any(p<ao<=q for p,q in cuts.get(r,[])) : dropped+=1; continue
            if not fl&2: seq=(seq-shift(k,o))&0xffffffff
            if fl&16 and r in isn:
                ao=(ack-isn[r]-1)&0xffffffff
                if ao<0x7fffffff: ack=(ack-shift(r,ao))&0xffffffff
            # selective acknowledgements name old numbers: turned into no-operations
            opts=bytearray(f[t+20:pay]); i=0
            while i<len(opts):
                if opts[i]==0: break
                if opts[i]==1: i+=1; continue
                n=opts[i+1]
                if opts[i]==5: opts[i:i+n]=b'\1'*n
                i+=max(n,1)
            nf=bytearray(f[:t])+struct.pack('>HHII',a[1],b[1],seq,ack)+f[t+12:t+20]+opts+keep
            nf[16:18]=struct.pack('>H',len(nf)-14); nf[24:26]=b'\0\0'; nf[24:26]=struct.pack('>H',csum(bytes(nf[14:t])))
            nf[t+16:t+18]=b'\0\0'; seg=bytes(nf[t:]); nf[t+16:t+18]=struct.pack('>H',csum(a[0]+b[0]+struct.pack('>HH',6,len(seg))+seg)); f=nf
    out+=h+struct.pack('<II',len(f),len(f))+f
open(dst,'wb').write(out); print(dst,len(frames),'->',len(frames)-dropped,len(out))
