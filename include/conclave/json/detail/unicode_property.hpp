#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace conclave::json::detail {

/// A property that `\p{…}` names, in RE2's words for use between brackets. Both are empty where RE2
/// has no table for it.
struct unicode_property {
    std::string inside;
    std::string outside;
};

// Names and their aliases, each as `name:alias`, from Unicode 14.
inline constexpr std::string_view general_categories =
    "Cased_Letter:LC Close_Punctuation:Pe Connector_Punctuation:Pc Control:Cc cntrl:Cc "
    "Currency_Symbol:Sc Dash_Punctuation:Pd Decimal_Number:Nd digit:Nd Enclosing_Mark:Me "
    "Final_Punctuation:Pf Format:Cf Initial_Punctuation:Pi Letter:L Letter_Number:Nl "
    "Line_Separator:Zl Lowercase_Letter:Ll Mark:M Combining_Mark:M Math_Symbol:Sm "
    "Modifier_Letter:Lm Modifier_Symbol:Sk Nonspacing_Mark:Mn Number:N Open_Punctuation:Ps "
    "Other:C Other_Letter:Lo Other_Number:No Other_Punctuation:Po Other_Symbol:So "
    "Paragraph_Separator:Zp Private_Use:Co Punctuation:P punct:P Separator:Z "
    "Space_Separator:Zs Spacing_Mark:Mc Surrogate:Cs Symbol:S Titlecase_Letter:Lt "
    "Unassigned:Cn Uppercase_Letter:Lu";

inline constexpr std::string_view scripts =
    "Adlam:Adlm Ahom:Ahom Anatolian_Hieroglyphs:Hluw Arabic:Arab Armenian:Armn "
    "Avestan:Avst Balinese:Bali Bamum:Bamu Bassa_Vah:Bass Batak:Batk Bengali:Beng "
    "Bhaiksuki:Bhks Bopomofo:Bopo Brahmi:Brah Braille:Brai Buginese:Bugi Buhid:Buhd "
    "Canadian_Aboriginal:Cans Carian:Cari Caucasian_Albanian:Aghb Chakma:Cakm Cham:Cham "
    "Cherokee:Cher Chorasmian:Chrs Common:Zyyy Coptic:Copt Coptic:Qaac Cuneiform:Xsux "
    "Cypriot:Cprt Cypro_Minoan:Cpmn Cyrillic:Cyrl Deseret:Dsrt Devanagari:Deva "
    "Dives_Akuru:Diak Dogra:Dogr Duployan:Dupl Egyptian_Hieroglyphs:Egyp Elbasan:Elba "
    "Elymaic:Elym Ethiopic:Ethi Georgian:Geor Glagolitic:Glag Gothic:Goth Grantha:Gran "
    "Greek:Grek Gujarati:Gujr Gunjala_Gondi:Gong Gurmukhi:Guru Han:Hani Hangul:Hang "
    "Hanifi_Rohingya:Rohg Hanunoo:Hano Hatran:Hatr Hebrew:Hebr Hiragana:Hira "
    "Imperial_Aramaic:Armi Inherited:Zinh Inherited:Qaai Inscriptional_Pahlavi:Phli "
    "Inscriptional_Parthian:Prti Javanese:Java Kaithi:Kthi Kannada:Knda Katakana:Kana "
    "Kayah_Li:Kali Kharoshthi:Khar Khitan_Small_Script:Kits Khmer:Khmr Khojki:Khoj "
    "Khudawadi:Sind Lao:Laoo Latin:Latn Lepcha:Lepc Limbu:Limb Linear_A:Lina Linear_B:Linb "
    "Lisu:Lisu Lycian:Lyci Lydian:Lydi Mahajani:Mahj Makasar:Maka Malayalam:Mlym "
    "Mandaic:Mand Manichaean:Mani Marchen:Marc Masaram_Gondi:Gonm Medefaidrin:Medf "
    "Meetei_Mayek:Mtei Mende_Kikakui:Mend Meroitic_Cursive:Merc Meroitic_Hieroglyphs:Mero "
    "Miao:Plrd Modi:Modi Mongolian:Mong Mro:Mroo Multani:Mult Myanmar:Mymr Nabataean:Nbat "
    "Nandinagari:Nand New_Tai_Lue:Talu Newa:Newa Nko:Nkoo Nushu:Nshu "
    "Nyiakeng_Puachue_Hmong:Hmnp Ogham:Ogam Ol_Chiki:Olck Old_Hungarian:Hung "
    "Old_Italic:Ital Old_North_Arabian:Narb Old_Permic:Perm Old_Persian:Xpeo "
    "Old_Sogdian:Sogo Old_South_Arabian:Sarb Old_Turkic:Orkh Old_Uyghur:Ougr Oriya:Orya "
    "Osage:Osge Osmanya:Osma Pahawh_Hmong:Hmng Palmyrene:Palm Pau_Cin_Hau:Pauc "
    "Phags_Pa:Phag Phoenician:Phnx Psalter_Pahlavi:Phlp Rejang:Rjng Runic:Runr "
    "Samaritan:Samr Saurashtra:Saur Sharada:Shrd Shavian:Shaw Siddham:Sidd "
    "SignWriting:Sgnw Sinhala:Sinh Sogdian:Sogd Sora_Sompeng:Sora Soyombo:Soyo "
    "Sundanese:Sund Syloti_Nagri:Sylo Syriac:Syrc Tagalog:Tglg Tagbanwa:Tagb Tai_Le:Tale "
    "Tai_Tham:Lana Tai_Viet:Tavt Takri:Takr Tamil:Taml Tangsa:Tnsa Tangut:Tang Telugu:Telu "
    "Thaana:Thaa Thai:Thai Tibetan:Tibt Tifinagh:Tfng Tirhuta:Tirh Toto:Toto Ugaritic:Ugar "
    "Vai:Vaii Vithkuqi:Vith Wancho:Wcho Warang_Citi:Wara Yezidi:Yezi Yi:Yiii "
    "Zanabazar_Square:Zanb ";

// The properties that are either there or not, as ECMA-262 has them; RE2 has none of them.
inline constexpr std::string_view binary_properties =
    "ASCII_Hex_Digit:AHex Alphabetic:Alpha Assigned:Assigned Bidi_Control:Bidi_C "
    "Bidi_Mirrored:Bidi_M Case_Ignorable:CI Cased:Cased Changes_When_Casefolded:CWCF "
    "Changes_When_Casemapped:CWCM Changes_When_Lowercased:CWL "
    "Changes_When_NFKC_Casefolded:CWKCF Changes_When_Titlecased:CWT "
    "Changes_When_Uppercased:CWU Dash:Dash Default_Ignorable_Code_Point:DI Deprecated:Dep "
    "Diacritic:Dia Emoji:Emoji Emoji_Component:EComp Emoji_Modifier:EMod "
    "Emoji_Modifier_Base:EBase Emoji_Presentation:EPres Extended_Pictographic:ExtPict "
    "Extender:Ext Grapheme_Base:Gr_Base Grapheme_Extend:Gr_Ext Hex_Digit:Hex "
    "IDS_Binary_Operator:IDSB IDS_Trinary_Operator:IDST ID_Continue:IDC ID_Start:IDS "
    "Ideographic:Ideo Join_Control:Join_C Logical_Order_Exception:LOE Lowercase:Lower "
    "Math:Math Noncharacter_Code_Point:NChar Pattern_Syntax:Pat_Syn "
    "Pattern_White_Space:Pat_WS Quotation_Mark:QMark Radical:Radical "
    "Regional_Indicator:RI Sentence_Terminal:STerm Soft_Dotted:SD "
    "Terminal_Punctuation:Term Unified_Ideograph:UIdeo Uppercase:Upper "
    "Variation_Selector:VS White_Space:space XID_Continue:XIDC XID_Start:XIDS";

/// One `name:alias` of a list.
struct property_names {
    std::string_view name;
    std::string_view alias;
};

/// Looks for a property by either of its names.
constexpr std::optional<property_names> find_property_names(std::string_view list,
                                                            std::string_view wanted) noexcept {
    while (!list.empty()) {
        const std::string_view entry = list.substr(0, list.find(' '));
        const std::size_t colon = entry.find(':');
        const property_names names{entry.substr(0, colon), entry.substr(colon + 1)};
        if (names.name == wanted || names.alias == wanted) return names;
        list.remove_prefix(entry.size() == list.size() ? entry.size() : entry.size() + 1);
    }
    return std::nullopt;
}

inline unicode_property re2_property(std::string_view name) {
    const std::string braced = "{" + std::string(name) + "}";
    return {"\\p" + braced, "\\P" + braced};
}

/// The property that `expression`, what stands in the braces of `\p{…}`, names in ECMA-262: `L`,
/// `Letter`, `General_Category=Letter`, `Script=Greek`, `Alphabetic`. Nothing if there is none.
inline std::optional<unicode_property> find_unicode_property(std::string_view expression) {
    const std::size_t equals = expression.find('=');
    const std::string_view value =
        equals == expression.npos ? expression : expression.substr(equals + 1);
    const std::string_view kind = equals == expression.npos ? "gc" : expression.substr(0, equals);
    if (kind == "gc" || kind == "General_Category") {
        if (const auto names = find_property_names(general_categories, value)) {
            // what RE2 has no group for
            if (names->alias == "LC" || names->alias == "Cn") return unicode_property{};
            return re2_property(names->alias);
        }
        if (equals != expression.npos) return std::nullopt;
        if (value == "Any") return re2_property(value);
        if (value == "ASCII") return unicode_property{"\\x00-\\x7f", "\\x{80}-\\x{10ffff}"};
        if (find_property_names(binary_properties, value)) return unicode_property{};
        return std::nullopt;
    }
    const auto script = find_property_names(scripts, value);
    if (!script) return std::nullopt;
    if (kind == "sc" || kind == "Script") return re2_property(script->name);
    if (kind == "scx" || kind == "Script_Extensions") return unicode_property{};
    return std::nullopt;
}

}  // namespace conclave::json::detail
