-- From here on the same in every exported dissector: it reads the table above.
-- Made by `wardwatch protocols export --lua`; change the data file, not this.

local proto = Proto(P.name, P.title)
local F = {
  kind = ProtoField.string(P.name .. ".kind", "kind"),
  action = ProtoField.string(P.name .. ".action", "action", base.NONE, "what the message does"),
  anomaly = ProtoField.string(P.name .. ".anomaly", "anomaly"),
}
for _, f in ipairs(P.fields) do
  local abbrev = P.name .. "." .. f.name
  if f.type == "number" then
    F[f.name] = ProtoField.double(abbrev, f.name, base.NONE, f.doc)
    if f.unit or f.unit_from then
      F[f.name .. ".unit"] = ProtoField.string(abbrev .. ".unit", f.name .. " unit")
    end
  elseif f.type == "bytes" then
    F[f.name] = ProtoField.bytes(abbrev, f.name, base.NONE, f.doc)
  else
    F[f.name] = ProtoField.string(abbrev, f.name, base.NONE, f.doc)
  end
end
local all = {}
for _, field in pairs(F) do all[#all + 1] = field end
proto.fields = all

local function bxor(a, b)
  local out, bit = 0, 1
  while a > 0 or b > 0 do
    local x, y = a % 2, b % 2
    if x ~= y then out = out + bit end
    a, b, bit = (a - x) / 2, (b - y) / 2, bit * 2
  end
  return out
end

local function starts(text, front, at)
  return text:sub(at, at + #front - 1) == front
end

-- Check sums -------------------------------------------------------------------------------------

local function crc16(crc, text)
  for i = 1, #text do
    crc = bxor(crc, text:byte(i) * 256)
    for _ = 1, 8 do
      local top = crc >= 0x8000
      crc = (crc * 2) % 0x10000
      if top then crc = bxor(crc, 0x1021) end
    end
  end
  return crc
end

local SUMS = {
  sum8 = function(t) local s = 0 for i = 1, #t do s = (s + t:byte(i)) % 256 end return s end,
  xor8 = function(t) local s = 0 for i = 1, #t do s = bxor(s, t:byte(i)) end return s end,
  ["crc16-ccitt-false"] = function(t) return crc16(0xFFFF, t) end,
  ["crc16-xmodem"] = function(t) return crc16(0, t) end,
}
SUMS.complement8 = function(t) return 255 - SUMS.sum8(t) end

local function sum_width(sum)
  return #sum.separator + sum.width * (sum.hex and 2 or 1)
end

local function sum_fits(sum, summed, told)
  if not starts(told, sum.separator, 1) then return false end
  told = told:sub(#sum.separator + 1)
  local right = SUMS[sum.kind](summed)
  if sum.hex then
    return told:match("^[0-9A-F]+$") ~= nil and tonumber(told, 16) == right
  end
  local n = 0
  for i = 1, #told do n = n * 256 + told:byte(i) end
  return n == right
end

-- Where frames end -------------------------------------------------------------------------------

local function delimited(form, input)
  local tail = 0
  if form.checksum and form.checksum.after_end then tail = sum_width(form.checksum) end
  local window = math.min(#input, form.max)
  local at = #form.start
  while at < window do
    local byte = input:byte(at + 1)
    if form.escape and byte == form.escape[1] then
      at = at + 2
    else
      if starts(input:sub(1, window), form["end"], at + 1) then
        local total = at + #form["end"] + tail
        if total > form.max then return "no" end
        if total <= #input then return "frame", total end
        return "short"
      end
      local foreign
      if #form.start > 0 then
        foreign = starts(input:sub(1, window), form.start, at + 1)
      else
        local left = input:sub(at + 1, math.min(window, at + #form["end"]))
        foreign = (byte < 0x20 or byte >= 0x7F) and byte ~= 9 and not starts(form["end"], left, 1)
      end
      if foreign then return "no" end
      at = at + 1
    end
  end
  if #input >= form.max then return "no" end
  return "short"
end

local function fit(form, input)
  local shared = math.min(#form.start, #input)
  if input:sub(1, shared) ~= form.start:sub(1, shared) then return "no" end
  if shared < #form.start then return "short" end
  local length = form.length
  if not length then return delimited(form, input) end
  local told = input:byte(length.at + 1)
  if not told then return "short" end
  local total = told + length.add
  local room = #form.start + 1 + #form["end"]
  if told < length.low or told > length.high or total < room or total > form.max then return "no" end
  if #input < total then return "short" end
  local frame = input:sub(1, total)
  if #form["end"] > 0 and frame:sub(-#form["end"]) ~= form["end"] then return "no" end
  return "frame", total
end

local function skips(byte)
  return P.skip:find(string.char(byte), 1, true) ~= nil
end

local function cut(side, input)
  if skips(input:byte(1)) then return "idle", 1 end
  for _, form in ipairs(P.forms) do
    if form[side] then
      local what, n = fit(form, input)
      if what ~= "no" then return what, n, form end
    end
  end
  for i = 2, #input do
    local byte = input:byte(i)
    if skips(byte) then return "noise", i - 1 end
    for _, form in ipairs(P.forms) do
      if form[side] and (#form.start == 0 or form.start:byte(1) == byte) then return "noise", i - 1 end
    end
  end
  return "noise", #input
end

-- What frames hold -------------------------------------------------------------------------------

-- The content, its offset in the frame (nil if it was escaped), and whether the check sum fits.
local function open(form, frame)
  local head = #form.start
  if form.length then head = math.max(head, form.length.at + 1) end
  local body, fits = frame, nil
  local sum = form.checksum
  local function strip(text)
    if #form["end"] > 0 and text:sub(-#form["end"]) == form["end"] then
      return text:sub(1, #text - #form["end"])
    end
    return text
  end
  if sum then
    local width = sum_width(sum)
    local at = math.max(#frame - width - (sum.after_end and 0 or #form["end"]), 0)
    local from = sum.whole and 0 or head
    fits = sum_fits(sum, frame:sub(from + 1, at), frame:sub(at + 1, at + width))
    body = frame:sub(1, at)
    if sum.after_end then body = strip(body) end
  else
    body = strip(body)
  end
  body = body:sub(head + 1)
  if form.escape and body:find(string.char(form.escape[1]), 1, true) then
    local plain, i = {}, 1
    while i <= #body do
      local byte = body:byte(i)
      if byte == form.escape[1] and i < #body then
        i = i + 1
        byte = bxor(body:byte(i), form.escape[2])
      end
      plain[#plain + 1] = string.char(byte)
      i = i + 1
    end
    return table.concat(plain), nil, fits
  end
  return body, head, fits
end

local function same(a, b)
  if P.ignore_case then return a:lower() == b:lower() end
  return a == b
end

local function front(rest, pattern, most)
  local taken = rest:match("^" .. pattern .. "*") or ""
  return taken:sub(1, most)
end

-- What a step takes, and how many bytes it moves on.
local function take(part, rest)
  local t
  if part.take == "digits" then t = front(rest, "[0-9]", part.max)
  elseif part.take == "number" then t = front(rest, "[0-9.-]", #rest)
  elseif part.take == "letters" then t = front(rest, "[A-Za-z]", part.max)
  elseif part.take == "word" then t = front(rest, "[^ ]", #rest)
  elseif part.take == "space" then t = front(rest, " ", #rest)
  elseif part.take == "bytes" then t = #rest >= part.max and rest:sub(1, part.max) or ""
  elseif part.take == "until" then
    local at = rest:find(part.stop, 1, true)
    if at then return rest:sub(1, at - 1), at end
    t = rest
  elseif part.take == "of" then
    t = ""
    for _, word in ipairs(part.of) do
      if #word > #t and starts(rest, word, 1) then t = word end
    end
  elseif part.take == "verb" then
    local best = 0
    for _, verb in ipairs(P.verbs) do
      local n = #verb.name
      local stands = same(rest:sub(1, n), verb.name) and (#rest == n or rest:sub(n + 1, n + 1) == " ")
      if stands and n > best then best = n end
    end
    t = best > 0 and rest:sub(1, best) or front(rest, "[^ ]", #rest)
  else t = rest end
  return t, #t
end

-- Reads `content` by `layout` into `parts`: text and place of each. `at`: where it begins in the frame.
local function walk(layout, content, at, parts)
  local done = 0
  for _, part in ipairs(layout) do
    local taken, over = take(part, content:sub(done + 1))
    if taken == "" and not part.optional then return false end
    if part.slot then parts[part.slot] = { text = taken, at = at and at + done } end
    done = done + over
  end
  return done >= #content
end

local function row_of(side, form, parts)
  if not P.verb or form.kind then return nil end
  local verb = parts[P.verb] and parts[P.verb].text or ""
  for _, row in ipairs(P.verbs) do
    if row.side == side and same(verb, row.name) then
      local there = row.when and parts[row.when] ~= nil and parts[row.when].text ~= ""
      if not row.when or there == row.there then return row end
    end
  end
end

local function number_of(field, text)
  local n
  if field.hex then
    n = #text <= 8 and text:match("^[0-9A-F]+$") and tonumber(text, 16)
  else
    local trimmed = text:match("^%s*(.-)%s*$")
    n = trimmed:match("^[+-]?[0-9]*%.?[0-9]*$") and tonumber(trimmed)
  end
  return n and n * field.scale
end

local function dissect(side, frame, form, range, tree)
  local content, at, fits = open(form, frame)
  local parts = {}
  local whole = walk(form.layout, content, at, parts)
  local row = row_of(side, form, parts)
  local read = true
  if row and row.arguments then
    local argument = parts[row.arguments_of]
    if argument and argument.text ~= "" then
      read = walk(row.arguments, argument.text, argument.at, parts)
    end
  end
  local verb = P.verb and parts[P.verb] and parts[P.verb].text or ""
  local kind = row and row.kind or form.kind
  if not kind then kind = whole and verb ~= "" and verb:sub(1, 32) or "malformed" end
  local sub = tree:add(proto, range, P.title .. ", " .. kind)
  sub:add(F.kind, range, kind)
  local action = row and row.action
  if not row and not form.kind then action = "unknown-verb" end
  if action then sub:add(F.action, range, action) end
  if fits == false then sub:add(F.anomaly, range, "bad-checksum") end
  if not whole or not read then sub:add(F.anomaly, range, "bad-layout") end
  for _, field in ipairs(P.fields) do
    local part = parts[field.slot]
    if part and part.text ~= "" then
      local place = range
      if part.at then place = range(part.at, #part.text) end
      if field.secret then
        sub:add(F[field.name], place, "(secret, " .. #part.text .. " bytes)")
      elseif field.type == "number" then
        local n = number_of(field, part.text)
        if n then
          sub:add(F[field.name], place, n)
        else
          sub:add(F.anomaly, place, "bad-number")
        end
        local unit = field.unit
        if field.unit_from and parts[field.unit_from] then
          for _, pair in ipairs(P.units) do
            if same(pair[1], parts[field.unit_from].text) then unit = pair[2] break end
          end
        end
        if unit then sub:add(F[field.name .. ".unit"], place, unit) end
      elseif field.type == "bytes" then
        sub:add(F[field.name], place)
      else
        sub:add(F[field.name], place, part.text)
      end
    end
  end
  return kind
end

-- Who opened the connection is not told to a dissector: the port by habit is the server's.
local PORT = {}
for _, port in ipairs(P.ports) do PORT[port] = true end

local function side_of(pinfo)
  local to, from = PORT[pinfo.dst_port], PORT[pinfo.src_port]
  if to ~= from then return to and "client" or "server" end
  return pinfo.dst_port <= pinfo.src_port and "client" or "server"
end

function proto.dissector(tvb, pinfo, tree)
  local side = side_of(pinfo)
  local input = tvb:raw()
  local at = 0
  local kinds = {}
  local noisy = false
  while at < #input do
    local what, n, form = cut(side, input:sub(at + 1))
    if what == "short" then
      pinfo.desegment_offset = at
      pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
      break
    elseif what == "frame" then
      kinds[#kinds + 1] = dissect(side, input:sub(at + 1, at + n), form, tvb(at, n), tree)
      noisy = false
    elseif what == "noise" then
      local sub = tree:add(proto, tvb(at, n), P.title .. ", bytes of no frame")
      -- Only the first of a run is a message of its own.
      if not noisy then
        sub:add(F.kind, tvb(at, n), "malformed")
        kinds[#kinds + 1] = "malformed"
      end
      noisy = true
      sub:add(F.anomaly, tvb(at, n), "not-a-frame")
    end
    at = at + n
  end
  if #kinds > 0 then
    pinfo.cols.protocol = P.name
    pinfo.cols.info = table.concat(kinds, ", ")
  end
  return #input
end

for _, port in ipairs(P.ports) do
  DissectorTable.get("tcp.port"):add(port, proto)
end
DissectorTable.get("tcp.port"):add_for_decode_as(proto)
